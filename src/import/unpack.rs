//! A stream as it was before gzip or zstd; one that is not compressed as it is. The head tells, not a name.

use std::io::{self, BufRead, BufReader, Read};

use flate2::read::MultiGzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// What may stand before, between and behind the frames of zstd: `zstd:chunked` keeps its table of contents there.
const ZSTD_SKIPPED: [u8; 3] = [0x2a, 0x4d, 0x18];

/// Whether a stream that starts so is compressed.
pub(super) fn is_packed(head: &[u8]) -> bool {
    head.starts_with(&GZIP) || is_zstd(head)
}

fn is_zstd(head: &[u8]) -> bool {
    let is_skipped = head.get(1..4) == Some(&ZSTD_SKIPPED) && head.first().is_some_and(|first| first >> 4 == 5);
    head.starts_with(&ZSTD) || is_skipped
}

/// The content of the stream. How much of it is read is for the caller to bound.
///
/// # Errors
/// The stream cannot be read at all.
pub(super) fn unpacked<'r>(mut stream: impl Read + 'r) -> io::Result<Box<dyn Read + 'r>> {
    let mut head = Vec::new();
    stream.by_ref().take(4).read_to_end(&mut head)?;
    let (is_gzip, is_zstd) = (head.starts_with(&GZIP), is_zstd(&head));
    let whole = io::Cursor::new(head).chain(stream);
    Ok(if is_gzip {
        Box::new(MultiGzDecoder::new(whole))
    } else if is_zstd {
        Box::new(Frames {
            source: BufReader::new(whole),
            decoder: FrameDecoder::new(),
        })
    } else {
        Box::new(whole)
    })
}

/// The frames of a zstd stream, one behind the other. The decoder refuses windows of more than 128 MiB.
struct Frames<R> {
    source: BufReader<R>,
    decoder: FrameDecoder,
}

impl<R: Read> Frames<R> {
    /// False at the end of the stream.
    fn next_frame(&mut self) -> io::Result<bool> {
        while !self.source.fill_buf()?.is_empty() {
            match self.decoder.init(&mut self.source) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                    io::copy(&mut self.source.by_ref().take(length.into()), &mut io::sink())?;
                }
                Err(error) => return Err(io::Error::other(error)),
            }
        }
        Ok(false)
    }
}

impl<R: Read> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.decoder.can_collect() == 0 {
            if self.decoder.is_finished() {
                if !self.next_frame()? {
                    return Ok(0);
                }
            } else {
                let one = BlockDecodingStrategy::UptoBlocks(1);
                self.decoder
                    .decode_blocks(&mut self.source, one)
                    .map_err(io::Error::other)?;
            }
        }
        self.decoder.read(buffer)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::{Read, Write};

    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    use super::{is_packed, unpacked};

    fn read(stream: &[u8]) -> Result<String, String> {
        let mut text = String::new();
        let mut reader = unpacked(stream).map_err(|error| error.to_string())?;
        reader.read_to_string(&mut text).map_err(|error| error.to_string())?;
        Ok(text)
    }

    fn zstd(text: &str) -> Vec<u8> {
        compress_to_vec(text.as_bytes(), CompressionLevel::Fastest)
    }

    #[test]
    fn streams_are_told_apart_by_their_head() {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(b"gzip").unwrap();
        let gzip = gzip.finish().unwrap();
        let long = "zstd ".repeat(100_000);
        for (stream, text) in [
            (gzip.clone(), "gzip"),
            ([gzip.clone(), gzip].concat(), "gzipgzip"),
            (zstd(&long), long.as_str()),
            (b"as it is".to_vec(), "as it is"),
            (b"a".to_vec(), "a"),
            (Vec::new(), ""),
        ] {
            assert_eq!(read(&stream).as_deref(), Ok(text));
        }
        assert!(is_packed(&zstd("x")) && is_packed(&[0x1f, 0x8b, 8, 0]) && !is_packed(b"etc/"));
    }

    #[test]
    fn frames_of_zstd_follow_each_other_with_what_is_skipped_between() {
        let skipped = [&[0x5e, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"toc"].concat();
        let stream = [&skipped[..], &zstd("one "), &skipped, &zstd(""), &zstd("two"), &skipped].concat();
        assert_eq!(read(&stream).as_deref(), Ok("one two"));
    }

    #[test]
    fn what_is_cut_off_or_broken_is_an_error() {
        let whole = zstd(&"zstd ".repeat(1000));
        for end in [5, 8, whole.len() - 1] {
            assert!(read(&whole[..end]).is_err(), "{end}");
        }
        let wide = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xf8, 1, 0, 0];
        assert!(
            read(&wide).unwrap_err().to_lowercase().contains("window"),
            "a window of 2 TiB"
        );
    }
}
