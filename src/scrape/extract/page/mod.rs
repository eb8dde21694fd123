//! The page as the extractors see it: walked once, line by line, without what a visitor does not see.

mod elements;
mod hrefs;
pub(super) mod parked;
pub(super) mod scan;
pub(super) mod signs;
mod visible;
pub(super) mod walk;
