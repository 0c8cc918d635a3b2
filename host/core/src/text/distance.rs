//! How far two words are from each other.

/// The least number of characters to insert, delete, replace or swap with their neighbour to make one text of the
/// other, if it is at most `limit`.
pub fn distance(a: &[char], b: &[char], limit: usize) -> Option<usize> {
    if a.len().abs_diff(b.len()) > limit {
        return None;
    }
    // Three rows of the table: the one before the last is for swaps.
    let mut before = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    let mut row = vec![0; b.len() + 1];
    let mut previous = None;
    for (i, &x) in a.iter().enumerate() {
        let mut least = i + 1;
        let mut left = i + 1;
        let mut corner = i;
        let mut y_before = None;
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
        for (j, &y) in b.iter().enumerate() {
            let above = last.get(j + 1).copied().unwrap_or(usize::MAX);
            let mut cost = (corner + usize::from(x != y)).min(above + 1).min(left + 1);
            if previous == Some(y) && y_before == Some(x) {
                // Both rows exist: i and j are at least 1 here.
                let swapped = before.get(j - 1).copied().unwrap_or(usize::MAX - 1);
                cost = cost.min(swapped + 1);
            }
            if let Some(cell) = row.get_mut(j + 1) {
                *cell = cost;
            }
            least = least.min(cost);
            corner = above;
            left = cost;
            y_before = Some(y);
        }
        if least > limit {
            return None;
        }
        previous = Some(x);
        std::mem::swap(&mut before, &mut last);
        std::mem::swap(&mut last, &mut row);
    }
    last.last().copied().filter(|&distance| distance <= limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        for (a, b, expected) in [
            ("", "", Some(0)),
            ("help", "help", Some(0)),
            ("hepl", "help", Some(1)),
            ("hlep", "help", Some(1)),
            ("hel", "help", Some(1)),
            ("helpp", "help", Some(1)),
            ("hxlp", "help", Some(1)),
            ("ehlp", "help", Some(1)),
            ("ab", "ba", Some(1)),
            ("ca", "abc", None),
            ("lnuhc", "lunch", Some(2)),
            ("점십팀", "점심팀", Some(1)),
            ("kitten", "sitting", None),
            ("a", "abc", Some(2)),
            ("", "abc", None),
        ] {
            let (x, y): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
            assert_eq!(distance(&x, &y, 2), expected, "{a} {b}");
            assert_eq!(distance(&y, &x, 2), expected, "{b} {a}");
        }
    }
}
