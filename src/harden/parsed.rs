//! A document as it is written, which is what is edited, and as its readers take it, which is what is judged.

use crate::yaml::{Chunk, Document, NodeRef, ParseError, Precedence, parse};

pub(super) struct Parsed<'t> {
    pub(super) written: Document<'t>,
    /// With its merge keys resolved as kubectl does it; `None` where it has none.
    merged: Option<Document<'t>>,
    otherwise: Option<Otherwise<'t>>,
}

/// What kustomize makes of the merge keys, where it is something else.
struct Otherwise<'t> {
    merged: Document<'t>,
    /// Of a merge key that they take differently.
    line: usize,
}

impl<'t> Parsed<'t> {
    pub(super) fn parse(chunk: &Chunk<'t>) -> Result<Parsed<'t>, ParseError> {
        parse(chunk).and_then(Parsed::of)
    }

    pub(super) fn of(written: Document<'t>) -> Result<Parsed<'t>, ParseError> {
        let merged = written.merged(Precedence::Last)?;
        let otherwise = match merged.as_ref().and_then(|merged| merged.unclear) {
            Some(line) => {
                let merged = written.merged(Precedence::Own)?.map(|merged| merged.document);
                merged.map(|merged| Otherwise { merged, line })
            }
            None => None,
        };
        Ok(Parsed {
            merged: merged.map(|merged| merged.document),
            otherwise,
            written,
        })
    }

    /// As kubectl reads it.
    pub(super) fn root(&self) -> Option<NodeRef<'_>> {
        self.merged.as_ref().unwrap_or(&self.written).root()
    }

    /// As kustomize reads it where that is something else, and the line of a merge key that makes the difference.
    pub(super) fn otherwise(&self) -> Option<(NodeRef<'_>, usize)> {
        let otherwise = self.otherwise.as_ref()?;
        Some((otherwise.merged.root()?, otherwise.line))
    }
}
