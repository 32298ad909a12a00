//! What every plane does with the control plane.
