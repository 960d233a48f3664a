CREATE TABLE public.gridtool_schema (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.run_headlines (
    run integer NOT NULL,
    name character varying(64) NOT NULL,
    value double precision
);
CREATE TABLE public.run_inputs (
    run integer NOT NULL,
    place integer NOT NULL,
    role text NOT NULL,
    path text NOT NULL,
    sha256 character varying(64) NOT NULL,
    size bigint NOT NULL
);
CREATE TABLE public.run_notes (
    run integer NOT NULL,
    place integer NOT NULL,
    at character varying(32) NOT NULL,
    kind character varying(32) NOT NULL,
    words text NOT NULL
);
CREATE TABLE public.run_scores (
    run integer NOT NULL,
    truth_sha256 character varying(64) NOT NULL,
    scored_at character varying(32) NOT NULL,
    quantity character varying(32) NOT NULL,
    lead_month integer NOT NULL,
    metric character varying(32) NOT NULL,
    value double precision
);
CREATE TABLE public.runs (
    number integer NOT NULL,
    id character varying(64) NOT NULL,
    job text NOT NULL,
    slot character varying(32),
    revision integer NOT NULL,
    identity character varying(64) NOT NULL,
    state character varying(16) NOT NULL,
    quality character varying(32) NOT NULL,
    as_of character varying(32) NOT NULL,
    started_at character varying(32) NOT NULL,
    finished_at character varying(32),
    duration_s double precision,
    exit_code integer,
    message text DEFAULT ''::text NOT NULL,
    folder text DEFAULT ''::text NOT NULL,
    program_version character varying(32) DEFAULT ''::character varying NOT NULL,
    seed bigint DEFAULT '0'::bigint NOT NULL,
    host text DEFAULT ''::text NOT NULL,
    pid integer DEFAULT 0 NOT NULL,
    forced boolean DEFAULT false NOT NULL,
    manifest character varying(64) DEFAULT ''::character varying NOT NULL
);
CREATE SEQUENCE public.runs_number_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.runs_number_seq OWNED BY public.runs.number;
ALTER TABLE ONLY public.runs ALTER COLUMN number SET DEFAULT nextval('public.runs_number_seq'::regclass);
INSERT INTO public.gridtool_schema (version_num) VALUES ('0002');
INSERT INTO public.run_headlines (run, name, value) VALUES (1, 'eue_mwh', 12.5);
INSERT INTO public.run_headlines (run, name, value) VALUES (1, 'hours_off_p90', 9.25);
INSERT INTO public.run_inputs (run, place, role, path, sha256, size) VALUES (1, 0, 'job', 'night.toml', '1111111111111111111111111111111111111111111111111111111111111111', 321);
INSERT INTO public.run_inputs (run, place, role, path, sha256, size) VALUES (1, 1, 'history', 'mine.csv', '2222222222222222222222222222222222222222222222222222222222222222', 5000000000);
INSERT INTO public.run_notes (run, place, at, kind, words) VALUES (1, 0, '2027-01-12T06:05:02.000000+00:00', 'notification', 'webhook: delivered');
INSERT INTO public.run_scores (run, truth_sha256, scored_at, quantity, lead_month, metric, value) VALUES (1, '3333333333333333333333333333333333333333333333333333333333333333', '2027-02-12T06:00:00.000000+00:00', 'demand', 1, 'crps', 0.75);
INSERT INTO public.runs (number, id, job, slot, revision, identity, state, quality, as_of, started_at, finished_at, duration_s, exit_code, message, folder, program_version, seed, host, pid, forced, manifest) VALUES (3, '20270114T0600Z-cccccccc-000003', 'night', NULL, 1, 'cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc', 'failed', 'full', '2027-01-14T06:00:00.000000+00:00', '2027-01-14T06:00:01.000000+00:00', '2027-01-14T06:00:02.000000+00:00', 1, 3, 'no such file', '', '0.1.0', 0, 'here', 43, false, '');
INSERT INTO public.runs (number, id, job, slot, revision, identity, state, quality, as_of, started_at, finished_at, duration_s, exit_code, message, folder, program_version, seed, host, pid, forced, manifest) VALUES (1, '20270112T0600Z-aaaaaaaa-000001', 'night', '2027-01-12T06:00:00.000000+00:00', 1, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'done', 'full', '2027-01-12T06:00:00.000000+00:00', '2027-01-12T06:00:01.000000+00:00', '2027-01-12T06:05:01.500000+00:00', 300.5, 0, '', 'runs/night/20270112T0600Z-aaaaaaaa-000001', '0.1.0', 1, 'here', 41, false, '4444444444444444444444444444444444444444444444444444444444444444');
INSERT INTO public.runs (number, id, job, slot, revision, identity, state, quality, as_of, started_at, finished_at, duration_s, exit_code, message, folder, program_version, seed, host, pid, forced, manifest) VALUES (2, '20270113T0600Z-bbbbbbbb-000002', 'Нічний прогноз', '2027-01-13T06:00:00.000000+00:00', 1, 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb', 'done', 'fewer_samples', '2027-01-13T06:00:00.000000+00:00', '2027-01-13T06:00:01.000000+00:00', '2027-01-13T06:09:01.000000+00:00', 540, 6, 'degraded: 400 of 1000 samples', 'runs/x/20270113T0600Z-bbbbbbbb-000002', '0.1.0', 1099511627776, 'here', 42, true, '4444444444444444444444444444444444444444444444444444444444444444');
SELECT pg_catalog.setval('public.runs_number_seq', 3, true);
ALTER TABLE ONLY public.gridtool_schema
    ADD CONSTRAINT gridtool_schema_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.runs
    ADD CONSTRAINT pk_runs PRIMARY KEY (number);
ALTER TABLE ONLY public.run_headlines
    ADD CONSTRAINT uq_run_headlines_run_name UNIQUE (run, name);
ALTER TABLE ONLY public.run_inputs
    ADD CONSTRAINT uq_run_inputs_run_place UNIQUE (run, place);
ALTER TABLE ONLY public.run_notes
    ADD CONSTRAINT uq_run_notes_run_place UNIQUE (run, place);
ALTER TABLE ONLY public.run_scores
    ADD CONSTRAINT uq_run_scores_run_truth_sha256_quantity_lead_month_metric UNIQUE (run, truth_sha256, quantity, lead_month, metric);
ALTER TABLE ONLY public.runs
    ADD CONSTRAINT uq_runs_id UNIQUE (id);
CREATE INDEX ix_runs_job_number ON public.runs USING btree (job, number);
CREATE INDEX ix_runs_state ON public.runs USING btree (state);
CREATE UNIQUE INDEX uq_runs_identity_done ON public.runs USING btree (identity) WHERE (((state)::text = 'done'::text) AND ((quality)::text = 'full'::text) AND (NOT forced));
ALTER TABLE ONLY public.run_headlines
    ADD CONSTRAINT fk_run_headlines_run FOREIGN KEY (run) REFERENCES public.runs(number) ON DELETE CASCADE;
ALTER TABLE ONLY public.run_inputs
    ADD CONSTRAINT fk_run_inputs_run FOREIGN KEY (run) REFERENCES public.runs(number) ON DELETE CASCADE;
ALTER TABLE ONLY public.run_notes
    ADD CONSTRAINT fk_run_notes_run FOREIGN KEY (run) REFERENCES public.runs(number) ON DELETE CASCADE;
ALTER TABLE ONLY public.run_scores
    ADD CONSTRAINT fk_run_scores_run FOREIGN KEY (run) REFERENCES public.runs(number) ON DELETE CASCADE;
