//! Drives a headless Chromium.
