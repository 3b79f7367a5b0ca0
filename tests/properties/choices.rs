//! Random decisions, drawn from bytes that proptest chose: fewer and smaller bytes make a simpler case.

pub(crate) struct Choices<'a> {
    bytes: &'a [u8],
    at: usize,
    numbers: usize,
}

impl<'a> Choices<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Choices<'a> {
        Choices {
            bytes,
            at: 0,
            numbers: 0,
        }
    }

    /// A number below `limit`; 0 when the bytes are used up.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        let byte = self.bytes.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        usize::from(byte) % limit.max(1)
    }

    /// Another number every time.
    pub(crate) fn number(&mut self) -> usize {
        self.numbers += 1;
        self.numbers
    }

    /// True once in `one_in` times, never when the bytes are used up.
    pub(crate) fn rarely(&mut self, one_in: usize) -> bool {
        self.below(one_in) == one_in - 1
    }

    pub(crate) fn of<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())].clone()
    }
}
