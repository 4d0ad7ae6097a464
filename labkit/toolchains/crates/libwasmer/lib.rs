//! Nothing of its own: the manifest names the crate that is built.
