//! One file to its facts: filters by bytes first, parses only what can matter.
