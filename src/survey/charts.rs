//! Which files are templates of a Helm chart.
