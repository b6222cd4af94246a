//! `Data`: the arguments of an event or an acknowledgement, as JSON and attachments, and how values
//! of Rust become them and come of them.

use std::{fmt, marker::PhantomData};

use serde::{
    Serialize,
    de::{
        Deserialize, DeserializeOwned, Deserializer, IgnoredAny, SeqAccess, Visitor,
        value::SeqAccessDeserializer,
    },
};
use serde_json::Value;
use tungstenite::Bytes;

use super::{CodecError, binary};

/// The arguments of an event, behind its name, or of an acknowledgement.
///
/// ```
/// use glassloop_ws::socketio::{Binary, Body, Data, Packet};
///
/// let upload = Data::event("upload", ("a.png", Binary::from(vec![1, 2, 3])))?;
/// assert_eq!(upload.json(), r#"["upload","a.png",{"_placeholder":true,"num":0}]"#);
/// let (name, bytes): (String, Binary) = upload.arguments()?;
/// assert_eq!((&*name, &*bytes.0), ("a.png", &[1, 2, 3][..]));
/// assert_eq!(upload.argument::<String>(0)?, "a.png");
///
/// let answer = Packet::new("/files", Body::Ack(Data::ack(("stored", 3_u64))?, 7));
/// assert_eq!(answer.to_string(), r#"3/files,7["stored",3]"#);
/// assert!(answer.attachments().is_empty());
/// # Ok::<(), glassloop_ws::socketio::CodecError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Data {
    /// A JSON array. Attachments are placeholders in it.
    json: String,
    attachments: Vec<Bytes>,
    /// The first element is the name of an event.
    is_event: bool,
}

impl Data {
    /// What was read and found to be an array, whose placeholders have attachments.
    pub(super) fn read(json: String, attachments: Vec<Bytes>, is_event: bool) -> Data {
        Data { json, attachments, is_event }
    }

    /// Its attachments have come.
    pub(super) fn attach(&mut self, attachments: Vec<Bytes>) {
        self.attachments = attachments;
    }

    /// An event of this name.
    ///
    /// # Errors
    /// When serde can't write an argument.
    pub fn event(name: &str, arguments: impl Arguments) -> Result<Data, CodecError> {
        Data::write(Some(name), arguments)
    }

    /// An acknowledgement.
    ///
    /// # Errors
    /// When serde can't write an argument.
    pub fn ack(arguments: impl Arguments) -> Result<Data, CodecError> {
        Data::write(None, arguments)
    }

    fn write(name: Option<&str>, arguments: impl Arguments) -> Result<Data, CodecError> {
        let mut json = vec![b'['];
        let fault = |error: serde_json::Error| {
            let of = name.map_or("an acknowledgement".to_owned(), |name| format!("`{name}`"));
            CodecError::new(format!("arguments of {of} that are JSON"), error)
        };
        if let Some(name) = name {
            serde_json::to_writer(&mut json, name).map_err(fault)?;
        }
        let (written, attachments) = binary::collect(|| arguments.write(&mut json));
        written.map_err(fault)?;
        json.push(b']');
        let json = String::from_utf8(json).map_err(|error| CodecError::new("UTF-8", error))?;
        Ok(Data { json, attachments, is_event: name.is_some() })
    }

    /// The JSON array, with the name of the event first if it has one, and placeholders for
    /// attachments.
    pub fn json(&self) -> &str {
        &self.json
    }

    /// The attachments, by the numbers of their placeholders.
    pub fn attachments(&self) -> &[Bytes] {
        &self.attachments
    }

    /// The name of the event. A number that is one is told as text. Empty for an acknowledgement.
    pub fn name(&self) -> String {
        let first = |json| serde_json::from_str::<First>(json).ok();
        match self.is_event {
            true => first(&self.json).map(|First(name)| name).unwrap_or_default(),
            false => String::new(),
        }
    }

    /// The arguments, as a tuple or whatever else serde reads from an array. Those that are not
    /// asked for are passed over.
    ///
    /// # Errors
    /// What was expected, and what came.
    pub fn arguments<T: DeserializeOwned>(&self) -> Result<T, CodecError> {
        let skip = self.is_event;
        let read = || {
            let mut json = serde_json::Deserializer::from_str(&self.json);
            json.deserialize_seq(ArgumentsOf { skip, values: PhantomData })
        };
        binary::provide(&self.attachments, read).map_err(|error| {
            let of = if skip { format!("`{}`", self.name()) } else { "an acknowledgement".into() };
            let expected = format!("arguments of {of} as {}", std::any::type_name::<T>());
            CodecError::quoting(expected, &self.json).because(error)
        })
    }

    /// One argument, counted from 0.
    ///
    /// # Errors
    /// What was expected, and what came.
    pub fn argument<T: DeserializeOwned>(&self, index: usize) -> Result<T, CodecError> {
        let values: Vec<Value> = self.arguments()?;
        let of = || format!("argument {index} as {}", std::any::type_name::<T>());
        let value = values.get(index).ok_or_else(|| CodecError::quoting(of(), &self.json))?;
        let read = || T::deserialize(value);
        binary::provide(&self.attachments, read)
            .map_err(|error| CodecError::quoting(of(), &self.json).because(error))
    }
}

impl fmt::Debug for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = Vec::from_iter(self.attachments.iter().map(Bytes::len));
        f.debug_struct("Data").field("json", &self.json).field("attached_bytes", &bytes).finish()
    }
}

/// The first element of an array: a text or a number, told as text.
pub(super) struct First(pub(super) String);

impl<'de> Deserialize<'de> for First {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<First, D::Error> {
        struct Names;

        impl<'de> Visitor<'de> for Names {
            type Value = First;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array whose first element is the name of an event")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut rest: A) -> Result<First, A::Error> {
                use serde::de::Error;
                let first = match rest.next_element::<Value>()? {
                    Some(Value::String(name)) => name,
                    Some(Value::Number(number)) => number.to_string(),
                    Some(_) | None => return Err(A::Error::custom("it has no name")),
                };
                while rest.next_element::<IgnoredAny>()?.is_some() {}
                Ok(First(first))
            }
        }

        deserializer.deserialize_seq(Names)
    }
}

/// An array of anything.
pub(super) struct Array;

impl<'de> Deserialize<'de> for Array {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Array, D::Error> {
        Vec::<IgnoredAny>::deserialize(deserializer).map(|_| Array)
    }
}

/// Reads the arguments from an array, behind the name.
struct ArgumentsOf<T> {
    skip: bool,
    values: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for ArgumentsOf<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of arguments")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<T, A::Error> {
        if self.skip {
            array.next_element::<IgnoredAny>()?;
        }
        let values = T::deserialize(SeqAccessDeserializer::new(&mut array))?;
        while array.next_element::<IgnoredAny>()?.is_some() {}
        Ok(values)
    }
}

/// What an event or an acknowledgement can be given: no arguments, `()`; several, a tuple of what
/// serde can write; or one of a simple type. Anything else that is one argument goes as a tuple of
/// one: `(value,)`.
pub trait Arguments {
    /// Writes them, each behind a comma if there is something before it.
    ///
    /// # Errors
    /// When serde can't write one.
    fn write(&self, json: &mut Vec<u8>) -> serde_json::Result<()>;
}

fn push(value: &(impl Serialize + ?Sized), json: &mut Vec<u8>) -> serde_json::Result<()> {
    if json.last() != Some(&b'[') {
        json.push(b',');
    }
    serde_json::to_writer(json, value)
}

impl Arguments for () {
    fn write(&self, _: &mut Vec<u8>) -> serde_json::Result<()> {
        Ok(())
    }
}

macro_rules! one {
    ($($kind:ty)*) => {$(
        impl Arguments for $kind {
            fn write(&self, json: &mut Vec<u8>) -> serde_json::Result<()> {
                push(self, json)
            }
        }
    )*};
}

one!(bool u32 u64 i32 i64 f64 &str String Value super::Binary);

macro_rules! several {
    ($($name:ident)*) => {
        impl<$($name: Serialize),*> Arguments for ($($name,)*) {
            fn write(&self, json: &mut Vec<u8>) -> serde_json::Result<()> {
                #[allow(non_snake_case, reason = "each has the name of its type")]
                let ($($name,)*) = self;
                $(push($name, json)?;)*
                Ok(())
            }
        }
    };
}

several!(A);
several!(A B);
several!(A B C);
several!(A B C D);
several!(A B C D E);
several!(A B C D E F);
several!(A B C D E F G);
several!(A B C D E F G H);
