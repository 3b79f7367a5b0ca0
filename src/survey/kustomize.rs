//! What kustomizations say of the files they list: that they are patches, and which namespace they get.
