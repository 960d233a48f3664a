BEGIN TRANSACTION;
CREATE TABLE gridtool_schema (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT gridtool_schema_pkc PRIMARY KEY (version_num)
);
INSERT INTO "gridtool_schema" VALUES('0002');
CREATE TABLE run_headlines (
	run INTEGER NOT NULL, 
	name VARCHAR(64) NOT NULL, 
	value FLOAT, 
	CONSTRAINT fk_run_headlines_run FOREIGN KEY(run) REFERENCES runs (number) ON DELETE CASCADE, 
	CONSTRAINT uq_run_headlines_run_name UNIQUE (run, name)
);
INSERT INTO "run_headlines" VALUES(1,'eue_mwh',12.5);
INSERT INTO "run_headlines" VALUES(1,'hours_off_p90',9.25);
CREATE TABLE run_inputs (
	run INTEGER NOT NULL, 
	place INTEGER NOT NULL, 
	role TEXT NOT NULL, 
	path TEXT NOT NULL, 
	sha256 VARCHAR(64) NOT NULL, 
	size BIGINT NOT NULL, 
	CONSTRAINT fk_run_inputs_run FOREIGN KEY(run) REFERENCES runs (number) ON DELETE CASCADE, 
	CONSTRAINT uq_run_inputs_run_place UNIQUE (run, place)
);
INSERT INTO "run_inputs" VALUES(1,0,'job','night.toml','1111111111111111111111111111111111111111111111111111111111111111',321);
INSERT INTO "run_inputs" VALUES(1,1,'history','mine.csv','2222222222222222222222222222222222222222222222222222222222222222',5000000000);
CREATE TABLE run_notes (
	run INTEGER NOT NULL, 
	place INTEGER NOT NULL, 
	at VARCHAR(32) NOT NULL, 
	kind VARCHAR(32) NOT NULL, 
	words TEXT NOT NULL, 
	CONSTRAINT fk_run_notes_run FOREIGN KEY(run) REFERENCES runs (number) ON DELETE CASCADE, 
	CONSTRAINT uq_run_notes_run_place UNIQUE (run, place)
);
INSERT INTO "run_notes" VALUES(1,0,'2027-01-12T06:05:02.000000+00:00','notification','webhook: delivered');
CREATE TABLE run_scores (
	run INTEGER NOT NULL, 
	truth_sha256 VARCHAR(64) NOT NULL, 
	scored_at VARCHAR(32) NOT NULL, 
	quantity VARCHAR(32) NOT NULL, 
	lead_month INTEGER NOT NULL, 
	metric VARCHAR(32) NOT NULL, 
	value FLOAT, 
	CONSTRAINT fk_run_scores_run FOREIGN KEY(run) REFERENCES runs (number) ON DELETE CASCADE, 
	CONSTRAINT uq_run_scores_run_truth_sha256_quantity_lead_month_metric UNIQUE (run, truth_sha256, quantity, lead_month, metric)
);
INSERT INTO "run_scores" VALUES(1,'3333333333333333333333333333333333333333333333333333333333333333','2027-02-12T06:00:00.000000+00:00','demand',1,'crps',0.75);
CREATE TABLE runs (
	number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	id VARCHAR(64) NOT NULL, 
	job TEXT NOT NULL, 
	slot VARCHAR(32), 
	revision INTEGER NOT NULL, 
	identity VARCHAR(64) NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	quality VARCHAR(32) NOT NULL, 
	as_of VARCHAR(32) NOT NULL, 
	started_at VARCHAR(32) NOT NULL, 
	finished_at VARCHAR(32), 
	duration_s FLOAT, 
	exit_code INTEGER, 
	message TEXT DEFAULT '' NOT NULL, 
	folder TEXT DEFAULT '' NOT NULL, 
	program_version VARCHAR(32) DEFAULT '' NOT NULL, 
	seed BIGINT DEFAULT '0' NOT NULL, 
	host TEXT DEFAULT '' NOT NULL, 
	pid INTEGER DEFAULT '0' NOT NULL, forced BOOLEAN DEFAULT 0 NOT NULL, manifest VARCHAR(64) DEFAULT '' NOT NULL, 
	CONSTRAINT uq_runs_id UNIQUE (id)
);
INSERT INTO "runs" VALUES(1,'20270112T0600Z-aaaaaaaa-000001','night','2027-01-12T06:00:00.000000+00:00',1,'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','done','full','2027-01-12T06:00:00.000000+00:00','2027-01-12T06:00:01.000000+00:00','2027-01-12T06:05:01.500000+00:00',300.5,0,'','runs/night/20270112T0600Z-aaaaaaaa-000001','0.1.0',1,'here',41,0,'4444444444444444444444444444444444444444444444444444444444444444');
INSERT INTO "runs" VALUES(2,'20270113T0600Z-bbbbbbbb-000002','Нічний прогноз','2027-01-13T06:00:00.000000+00:00',1,'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb','done','fewer_samples','2027-01-13T06:00:00.000000+00:00','2027-01-13T06:00:01.000000+00:00','2027-01-13T06:09:01.000000+00:00',540.0,6,'degraded: 400 of 1000 samples','runs/x/20270113T0600Z-bbbbbbbb-000002','0.1.0',1099511627776,'here',42,1,'4444444444444444444444444444444444444444444444444444444444444444');
INSERT INTO "runs" VALUES(3,'20270114T0600Z-cccccccc-000003','night',NULL,1,'cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc','failed','full','2027-01-14T06:00:00.000000+00:00','2027-01-14T06:00:01.000000+00:00','2027-01-14T06:00:02.000000+00:00',1.0,3,'no such file','','0.1.0',0,'here',43,0,'');
CREATE INDEX ix_runs_job_number ON runs (job, number);
CREATE UNIQUE INDEX uq_runs_identity_done ON runs (identity) WHERE state = 'done' AND quality = 'full' AND NOT forced;
CREATE INDEX ix_runs_state ON runs (state);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('runs',3);
COMMIT;
