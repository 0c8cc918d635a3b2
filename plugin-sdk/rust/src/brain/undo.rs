use serde::{Deserialize, Serialize};

/// A list that several people change, with who changed what, and of which the latest changes can be taken back. As one
/// entry of a brain it is changed by [`Brain::update`](super::Brain::update), so a change and its undoing are one step each.
///
/// ```
/// use moa_plugin::prelude::*;
/// use moa_plugin::brain::Undoable;
/// use moa_plugin::testing::Host;
///
/// type Menu = Undoable<String>;
///
/// /// Puts a dish on the menu.
/// #[command]
/// fn dish(ctx: &Context, name: String) -> Result<()> {
///     ctx.brain().update("menu", |menu: &mut Menu| {
///         menu.change(&ctx.who().display_name, ctx.time(), vec![], vec![name.clone()]);
///     })?;
///     Ok(())
/// }
///
/// /// Takes the last change of the menu back.
/// #[command]
/// fn undo(ctx: &Context) -> Result<String> {
///     let undone = ctx.brain().update("menu", Menu::undo)?;
///     let undone = undone.ok_or_else(|| Error::rejected("Nobody changed the menu."))?;
///     Ok(format!("{} is off the menu", undone.removed.join(", ")))
/// }
///
/// let host = Host::new();
/// host.run::<dish>("soup")?;
/// host.run::<dish>("rice")?;
/// assert_eq!(host.run::<undo>("")?, Some("rice is off the menu".into()));
/// let menu: Menu = host.with(|ctx| ctx.brain().get("menu"))?.unwrap_or_default();
/// assert_eq!(menu.items(), ["soup"]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undoable<T> {
    items: Vec<T>,
    changes: Vec<Change<T>>,
}

/// A change of an [`Undoable`] list: what went, and what came.
///
/// ```
/// use moa_plugin::brain::{Change, Undoable};
///
/// let mut menu = Undoable::default();
/// let change: Change<&str> = menu.change("로지", "2026-11-20T03:00:00.000Z", vec![], vec!["soup"]);
/// assert_eq!((change.who.as_str(), change.added), ("로지", vec!["soup"]));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change<T> {
    /// Who made it, as it was said.
    pub who: String,
    /// When, as it was said.
    pub time: String,
    /// What was there before.
    pub removed: Vec<T>,
    /// What is there since.
    pub added: Vec<T>,
}

impl<T> Default for Undoable<T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            changes: Vec::new(),
        }
    }
}

impl<T: Clone + PartialEq> Undoable<T> {
    /// How many changes are known, and can be taken back; older ones are forgotten.
    ///
    /// ```
    /// assert_eq!(moa_plugin::brain::Undoable::<u8>::REMEMBERED, 50);
    /// ```
    pub const REMEMBERED: usize = 50;

    /// What is there, in the order in which it came.
    ///
    /// ```
    /// # use moa_plugin::brain::Undoable;
    /// let mut list = Undoable::default();
    /// list.change("로지", "", vec![], vec![1, 2]);
    /// assert_eq!(list.items(), [1, 2]);
    /// ```
    pub fn items(&self) -> &[T] {
        &self.items
    }

    /// The changes that are known and were not taken back, the latest first.
    ///
    /// ```
    /// # use moa_plugin::brain::Undoable;
    /// let mut list = Undoable::default();
    /// list.change("로지", "", vec![], vec![1]);
    /// list.change("샐리", "", vec![1], vec![2]);
    /// assert!(list.changes().map(|change| change.who.as_str()).eq(["샐리", "로지"]));
    /// ```
    pub fn changes(&self) -> impl Iterator<Item = &Change<T>> {
        self.changes.iter().rev()
    }

    /// Takes some out and puts others in; returns that. Of what is not in it nothing goes.
    ///
    /// ```
    /// # use moa_plugin::brain::Undoable;
    /// let mut list = Undoable::default();
    /// list.change("로지", "2026-11-20T03:00:00.000Z", vec![], vec!["soup"]);
    /// list.change("샐리", "2026-11-20T03:01:00.000Z", vec!["soup"], vec!["soup, hot"]);
    /// assert_eq!(list.items(), ["soup, hot"]);
    /// ```
    pub fn change(&mut self, who: &str, time: &str, removed: Vec<T>, added: Vec<T>) -> Change<T> {
        let change = Change {
            who: who.into(),
            time: time.into(),
            removed,
            added,
        };
        self.apply(&change);
        self.changes.push(change.clone());
        let spare = self.changes.len().saturating_sub(Self::REMEMBERED);
        self.changes.drain(..spare);
        change
    }

    /// Takes the latest change back; once more, the one before. Returns what this changes: what that one had put in goes.
    /// `None` if there is nothing to take back.
    ///
    /// ```
    /// # use moa_plugin::brain::Undoable;
    /// let mut list = Undoable::default();
    /// list.change("로지", "", vec![], vec!["soup"]);
    /// assert_eq!(list.undo().map(|change| change.removed), Some(vec!["soup"]));
    /// assert!(list.items().is_empty() && list.undo().is_none());
    /// ```
    pub fn undo(&mut self) -> Option<Change<T>> {
        let mut change = self.changes.pop()?;
        std::mem::swap(&mut change.removed, &mut change.added);
        self.apply(&change);
        Some(change)
    }

    fn apply(&mut self, change: &Change<T>) {
        self.items.retain(|item| !change.removed.contains(item));
        self.items.extend(change.added.iter().cloned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_that_is_remembered_can_be_taken_back() {
        let mut list = Undoable::default();
        for number in 0..60 {
            let before: Vec<i32> = list.items().to_vec();
            list.change("로지", "", before, vec![number]);
        }
        assert_eq!((list.items(), list.changes().count()), (&[59][..], 50));
        let mut undone = 0;
        while list.undo().is_some() {
            undone += 1;
        }
        assert_eq!((list.items(), undone), (&[9][..], 50));
    }

    #[test]
    fn it_is_kept_as_it_is() {
        let mut list = Undoable::default();
        list.change("로지", "now", vec![], vec!["a".to_owned()]);
        let kept = serde_json::to_string(&list).unwrap();
        assert_eq!(serde_json::from_str::<Undoable<String>>(&kept).unwrap(), list);
    }
}
