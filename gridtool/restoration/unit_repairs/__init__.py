"""One repair a period: the setting of PowerModelsRestoration.jl, with a certificate."""
