//! The send buffer: messages that were accepted and are not done with.
//!
//! Promises that they leave in the order in which they came, that none is forgotten before it is
//! done with, and that none of a connection's is handed to it twice. It sends nothing itself.

use std::collections::VecDeque;

use super::limits::ReconnectLimits;
use crate::message::Message;
use crate::outbox::at_rest;

/// A queue with a mark in it: what lies before the mark was handed to the present connection.
#[derive(Debug, Default)]
pub(crate) struct SendBuffer {
    messages: VecDeque<Message>,
    handed: usize,
    /// Of those that were handed to the present connection, how many have left it.
    left: u64,
    bytes: usize,
    /// All that were ever accepted: the number of the last one in the queue.
    accepted: u64,
}

impl SendBuffer {
    /// An empty one, whose first message has the number after this one.
    pub(crate) fn numbered_after(number: u64) -> SendBuffer {
        SendBuffer { accepted: number, ..SendBuffer::default() }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn accepted(&self) -> u64 {
        self.accepted
    }

    /// How many messages are not done with.
    pub(crate) fn len(&self) -> usize {
        self.messages.len()
    }

    /// How many messages wait to be handed to a connection.
    pub(crate) fn waiting(&self) -> usize {
        self.messages.len() - self.handed
    }

    /// True if a message of so many bytes may be accepted.
    pub(crate) fn has_room(&self, bytes: usize, limits: &ReconnectLimits) -> bool {
        let fits = self.bytes.saturating_add(bytes) <= limits.buffered_bytes_max
            && self.messages.len() < limits.buffered_messages_max;
        fits || self.messages.is_empty()
    }

    pub(crate) fn push(&mut self, message: Message) {
        self.accepted += 1;
        self.bytes += message.len();
        self.messages.push_back(message);
    }

    /// The next message for the connection, which counts as handed over from now on.
    pub(crate) fn hand_over(&mut self) -> Option<Message> {
        let message = self.messages.get(self.handed)?.clone();
        self.handed += 1;
        Some(message)
    }

    /// The connection had no room for the one that was handed over last.
    pub(crate) fn take_back(&mut self) {
        self.handed = self.handed.saturating_sub(1);
    }

    /// So many of the present connection's messages have left it: they are done with. They are
    /// handed out, to be dropped.
    pub(crate) fn note_left(&mut self, left: u64) -> VecDeque<Message> {
        let fresh = left.saturating_sub(std::mem::replace(&mut self.left, left));
        self.forget(fresh)
    }

    /// The first so many messages that were ever accepted have arrived. They are handed out.
    pub(crate) fn note_arrived(&mut self, number: u64) -> VecDeque<Message> {
        let done = self.accepted - self.messages.len() as u64;
        self.forget(number.saturating_sub(done))
    }

    /// The connection is gone: what is not done with is handed to the next.
    pub(crate) fn begin_anew(&mut self) {
        self.handed = 0;
        self.left = 0;
    }

    /// Everything that is not done with.
    pub(crate) fn take(&mut self) -> VecDeque<Message> {
        self.handed = 0;
        self.bytes = 0;
        std::mem::take(&mut self.messages)
    }

    fn forget(&mut self, count: u64) -> VecDeque<Message> {
        let count = usize::try_from(count).unwrap_or(usize::MAX).min(self.messages.len());
        self.handed = self.handed.saturating_sub(count);
        let done: VecDeque<Message> = self.messages.drain(..count).collect();
        self.bytes -= done.iter().map(Message::len).sum::<usize>();
        at_rest(&mut self.messages);
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(messages: impl IntoIterator<Item = Message>) -> Vec<String> {
        messages.into_iter().map(|message| message.as_text().unwrap_or_default().into()).collect()
    }

    fn three() -> SendBuffer {
        let mut buffer = SendBuffer::default();
        for text in ["one", "two", "three"] {
            buffer.push(text.into());
        }
        buffer
    }

    #[test]
    fn what_has_not_left_is_handed_to_the_next_connection() {
        let mut buffer = three();
        assert_eq!(
            texts([buffer.hand_over(), buffer.hand_over()].into_iter().flatten()),
            ["one", "two"]
        );
        assert_eq!(texts(buffer.note_left(1)), ["one"]);
        assert_eq!((buffer.waiting(), buffer.bytes()), (1, 8));
        buffer.begin_anew();
        assert_eq!(buffer.waiting(), 2);
        assert_eq!(texts(std::iter::from_fn(|| buffer.hand_over())), ["two", "three"]);
        assert_eq!(texts(buffer.note_left(2)), ["two", "three"]);
        assert_eq!((buffer.waiting(), buffer.bytes(), buffer.accepted()), (0, 0, 3));
    }

    #[test]
    fn what_has_arrived_is_done_with_whether_or_not_it_was_handed_over_again() {
        let mut buffer = three();
        while buffer.hand_over().is_some() {}
        buffer.begin_anew();
        assert_eq!(texts(buffer.note_arrived(2)), ["one", "two"]);
        assert_eq!(texts(buffer.note_arrived(2)), [""; 0]);
        assert_eq!(texts(buffer.hand_over()), ["three"]);
        assert_eq!(texts(buffer.note_arrived(u64::MAX)), ["three"], "more than there is");
        assert_eq!((buffer.waiting(), buffer.bytes()), (0, 0));
    }

    #[test]
    fn one_message_is_taken_however_large_and_then_there_is_no_room() {
        let limits = ReconnectLimits { buffered_bytes_max: 10, ..ReconnectLimits::default() };
        let mut buffer = SendBuffer::default();
        assert!(buffer.has_room(100, &limits));
        buffer.push(vec![0; 100].into());
        assert!(!buffer.has_room(1, &limits));
        let few = ReconnectLimits { buffered_messages_max: 3, ..ReconnectLimits::default() };
        assert!(!three().has_room(1, &few));
    }
}
