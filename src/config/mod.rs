//! `harden.yaml`: what the owners of a repository decided.
