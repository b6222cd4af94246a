//! `Binary`: bytes among the arguments of an event, wherever in them they stand.
//!
//! On the wire they are an attachment, and a placeholder in the JSON says which. What is written
//! and read on this thread finds the attachments in a place of the thread's, for as long as one
//! event is written or read: serde leaves no other way to hand them through.

use std::cell::RefCell;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::Error as _,
    ser::{Error as _, SerializeMap},
};
use tungstenite::Bytes;

/// Bytes that travel beside an event, not within its JSON. They may stand in any value that is an
/// argument, or in a part of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Binary(pub Bytes);

impl<T: Into<Bytes>> From<T> for Binary {
    fn from(bytes: T) -> Binary {
        Binary(bytes.into())
    }
}

/// What is at work on this thread.
enum Work {
    Nothing,
    Writing(Vec<Bytes>),
    Reading(Vec<Bytes>),
}

thread_local! {
    static WORK: RefCell<Work> = const { RefCell::new(Work::Nothing) };
}

/// Puts back what was at work before, also when a value of the user's panics.
struct Restore(Option<Work>);

impl Restore {
    fn begin(work: Work) -> Restore {
        Restore(Some(WORK.replace(work)))
    }

    fn end(mut self) -> Work {
        self.0.take().map_or(Work::Nothing, |before| WORK.replace(before))
    }
}

impl Drop for Restore {
    fn drop(&mut self) {
        if let Some(before) = self.0.take() {
            WORK.set(before);
        }
    }
}

/// Runs what writes values, and gives the attachments that it came upon.
pub(super) fn collect<T>(write: impl FnOnce() -> T) -> (T, Vec<Bytes>) {
    let work = Restore::begin(Work::Writing(Vec::new()));
    let written = write();
    match work.end() {
        Work::Writing(attachments) => (written, attachments),
        Work::Nothing | Work::Reading(_) => (written, Vec::new()),
    }
}

/// Runs what reads values, for which there are these attachments.
pub(super) fn provide<T>(attachments: &[Bytes], read: impl FnOnce() -> T) -> T {
    let _work = Restore::begin(Work::Reading(attachments.to_vec()));
    read()
}

impl Serialize for Binary {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let number = WORK.with_borrow_mut(|work| match work {
            Work::Writing(attachments) => {
                attachments.push(self.0.clone());
                Some(attachments.len() - 1)
            }
            Work::Nothing | Work::Reading(_) => None,
        });
        let number = number
            .ok_or_else(|| S::Error::custom("a `Binary` can be written in an event alone"))?;
        let mut placeholder = serializer.serialize_map(Some(2))?;
        placeholder.serialize_entry("_placeholder", &true)?;
        placeholder.serialize_entry("num", &number)?;
        placeholder.end()
    }
}

impl<'de> Deserialize<'de> for Binary {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Binary, D::Error> {
        let placeholder = serde_json::Value::deserialize(deserializer)?;
        let number = number(&placeholder);
        let number =
            number.ok_or_else(|| D::Error::custom("expected the place of an attachment"))?;
        let found = WORK.with_borrow(|work| match work {
            Work::Reading(attachments) => attachments.get(number).cloned(),
            Work::Nothing | Work::Writing(_) => None,
        });
        found
            .map(Binary)
            .ok_or_else(|| D::Error::custom(format!("there is no attachment {number}")))
    }
}

/// Which attachment a value stands for, if it stands for one.
pub(super) fn number(value: &serde_json::Value) -> Option<usize> {
    let fields = value.as_object()?;
    let is_one = fields.get("_placeholder")?.as_bool()?;
    let number = fields.get("num")?.as_u64()?;
    usize::try_from(number).ok().filter(|_| is_one)
}
