//! Objects that are never given back need no count of who looks at them.
//!
//! Python counts the references to each object in the object itself. Whoever looks at one changes it, wherever it lies, and
//! every page that is changed is copied once more in each call. Since 3.12 there are objects without a count (PEP 683, for
//! `None` and the like): theirs is so large that it is left alone. Whatever is there when a component is made is there until
//! the end of each call anyway, so here all of it gets such a count, in the memory that the component carries.
//!
//! Which objects there are knows only the interpreter: `moa/_warm.py` leaves a tuple of all of them, and a line of text with
//! its address. The tuple also keeps them where they are until the component is made.

use wasmparser::{DataKind, Operator, Parser, Payload};

/// What the line begins with; `_LINE` of `moa/_warm.py`. Behind it stand the address of the first element and how many
/// there are, with eight hexadecimal digits each.
const LINE: &[u8] = b"moa: objects that stay are at ";
const DIGITS: usize = 8;

/// From this on a count is left alone, on 32 bits (`_Py_IMMORTAL_MINIMUM_REFCNT` of Python 3.14).
const LEFT_ALONE: u32 = 1 << 30;
/// What Python gives such an object (`_Py_IMMORTAL_INITIAL_REFCNT`).
const NO_COUNT: u32 = 5 << 28;

/// Takes the counts of the objects that stay, and tells how many those were: none if the component has no line about them.
pub(super) fn take_counts(component: &mut [u8]) -> Result<usize, wasmparser::BinaryReaderError> {
    let mut taken = 0;
    for memory in memories(component)? {
        let Some((first, count)) = memory.line(component) else {
            continue;
        };
        for at in 0..count {
            let element = first.checked_add(at.saturating_mul(4));
            let Some(object) = element.and_then(|element| memory.word(component, element)) else {
                break;
            };
            taken += usize::from(memory.take_count(component, object));
        }
    }
    Ok(taken)
}

/// What a memory begins with.
struct Memory {
    /// By their addresses.
    pieces: Vec<Piece>,
}

/// Bytes of the component that come to lie in a row.
struct Piece {
    address: u32,
    /// Where they stand in the component.
    begin: usize,
    end: usize,
}

/// Of each module that has a memory with something in it.
fn memories(component: &[u8]) -> Result<Vec<Memory>, wasmparser::BinaryReaderError> {
    let mut all = Vec::new();
    for payload in Parser::new(0).parse_all(component) {
        let Payload::DataSection(section) = payload? else {
            continue;
        };
        let mut pieces = Vec::new();
        for data in section {
            let data = data?;
            let DataKind::Active { offset_expr, .. } = data.kind else {
                continue;
            };
            if let Operator::I32Const { value } = offset_expr.get_operators_reader().read()? {
                pieces.push(Piece {
                    address: value.cast_unsigned(),
                    begin: data.range.end - data.data.len(),
                    end: data.range.end,
                });
            }
        }
        pieces.sort_unstable_by_key(|piece| piece.address);
        all.push(Memory { pieces });
    }
    Ok(all)
}

impl Memory {
    /// Where the four bytes at an address stand. There are none where nothing but zeros lies.
    fn place(&self, address: u32) -> Option<std::ops::Range<usize>> {
        let after = self.pieces.partition_point(|piece| piece.address <= address);
        let piece = self.pieces.get(after.checked_sub(1)?)?;
        let begin = piece.begin + (address - piece.address) as usize;
        (begin + 4 <= piece.end).then_some(begin..begin + 4)
    }

    fn word(&self, component: &[u8], address: u32) -> Option<u32> {
        let bytes = component.get(self.place(address)?)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?))
    }

    /// The address of the first element, and how many there are.
    fn line(&self, component: &[u8]) -> Option<(u32, u32)> {
        let number = |digits: &[u8]| u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok();
        // Its beginning alone is in the SDK's code too.
        let after = |some: &[u8]| {
            let (first, count) = some.strip_prefix(LINE)?.split_at(DIGITS);
            Some((number(first)?, number(count)?))
        };
        let pieces = self.pieces.iter();
        pieces
            .filter_map(|piece| component.get(piece.begin..piece.end))
            .find_map(|bytes| bytes.windows(LINE.len() + 2 * DIGITS).find_map(after))
    }

    /// Takes an object's count, if what lies there looks like one.
    fn take_count(&self, component: &mut [u8], object: u32) -> bool {
        let lowest = self.pieces.first().map_or(0, |piece| piece.address);
        let (Some(count), Some(class)) = (
            self.word(component, object),
            object.checked_add(4).and_then(|class| self.word(component, class)),
        ) else {
            return false;
        };
        // What has been given back has the address of the next such place there.
        let is_count = (1..lowest.min(LEFT_ALONE)).contains(&count) && class >= lowest;
        let place = self.place(object).and_then(|place| component.get_mut(place));
        match place {
            Some(place) if is_count => {
                place.copy_from_slice(&NO_COUNT.to_le_bytes());
                true
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPE: u32 = 1 << 16;

    /// A component whose memory begins, from the type's address on, with these words, and with this text behind them.
    fn component(words: &[u32], text: &str) -> Vec<u8> {
        let bytes: String = words
            .iter()
            .flat_map(|word| word.to_le_bytes())
            .map(|byte| format!("\\{byte:02x}"))
            .collect();
        let text = format!(
            r#"(component (core module) (core module (memory 4)
                (data (i32.const {}) "{text}") (data (i32.const {TYPE}) "{bytes}")))"#,
            TYPE + 4096
        );
        wat::parse_str(text).unwrap()
    }

    /// Of the words of such a component, afterwards.
    fn words(component: &[u8], count: usize) -> Vec<u32> {
        let memory = memories(component).unwrap().pop().unwrap();
        let at = (0..count).map(|at| TYPE + 4 * at as u32);
        at.map(|at| memory.word(component, at).unwrap()).collect()
    }

    #[test]
    fn objects_of_the_tuple_lose_their_counts_and_nothing_else_changes() {
        let at = |word: u32| TYPE + 4 * word;
        // Three objects that count, one that never did, one that was given back, and an object in no tuple.
        let before = [
            [at(12), at(14), at(16), at(18), at(20), at(22)],
            [9, 9, 9, 9, 9, 9],
            [3, TYPE, 40_000, TYPE, NO_COUNT, TYPE],
            [at(2), TYPE, 1, 7, 5, TYPE],
        ]
        .concat();
        let line = format!("{}\\00 {0}{TYPE:08x}{:08x} more", "moa: objects that stay are at ", 5);
        let mut made = component(&before, &line);
        let length = made.len();
        assert_eq!(take_counts(&mut made).unwrap(), 2);
        let mut wanted = before.clone();
        wanted[12] = NO_COUNT;
        wanted[14] = NO_COUNT;
        assert_eq!(words(&made, before.len()), wanted);
        assert_eq!(made.len(), length);
        assert_eq!(take_counts(&mut made).unwrap(), 0, "once is enough");
    }

    #[test]
    fn a_component_without_the_line_stays_as_it_is_and_wrong_lines_reach_nothing() {
        let before = [1, TYPE, 2, TYPE];
        for line in ["nothing", "moa: objects that stay are at zzzzzzzz00000001"] {
            let mut made = component(&before, line);
            assert_eq!(take_counts(&mut made).unwrap(), 0);
            assert_eq!(words(&made, 4), before);
        }
        let far = format!("{}fffffff0ffffffff", "moa: objects that stay are at ");
        assert_eq!(take_counts(&mut component(&before, &far)).unwrap(), 0);
        assert!(take_counts(&mut b"no component".to_vec()).is_err());
    }
}
