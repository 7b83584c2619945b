//! call flow
