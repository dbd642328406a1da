//! Single fields of what Discord sends, each read by itself: one that is odd is passed over and
//! counted, and so are parts that cannot be used at all.

use std::cell::Cell;
use std::num::NonZeroU64;
use std::str::FromStr;

use lantern_actors::domain::{Timestamp, UserId};
use serde_json::Value;

/// Reads fields, and counts what it had to pass over.
#[derive(Debug, Default)]
pub(in crate::discord) struct Fields {
    odd: Cell<u64>,
    lost: Cell<u64>,
}

impl Fields {
    /// Fields that had another form than they should.
    pub(in crate::discord) fn odd(&self) -> u64 {
        self.odd.get()
    }

    /// Members, presences and activities that could not be used.
    pub(in crate::discord) fn lost(&self) -> u64 {
        self.lost.get()
    }

    /// Counts a part that cannot be used.
    pub(super) fn lose(&self) {
        self.lost.set(self.lost.get() + 1);
        self.pass_over();
    }

    fn pass_over(&self) {
        self.odd.set(self.odd.get() + 1);
    }

    /// A field: `None` if it is left out or odd, `Some(None)` if it is null.
    pub(super) fn told<T>(
        &self,
        of: &Value,
        name: &str,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Option<Option<T>> {
        match of.get(name)? {
            Value::Null => Some(None),
            value => {
                let value = read(value);
                if value.is_none() {
                    self.pass_over();
                }
                value.map(Some)
            }
        }
    }

    /// A field that is there and not null.
    pub(super) fn some<T>(
        &self,
        of: &Value,
        name: &str,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Option<T> {
        self.told(of, name, read)?
    }

    pub(super) fn text(&self, of: &Value, name: &str) -> Option<String> {
        self.some(of, name, as_text)
    }

    pub(super) fn flag(&self, of: &Value, name: &str) -> Option<bool> {
        self.some(of, name, Value::as_bool)
    }

    pub(super) fn id<Id: From<NonZeroU64>>(&self, of: &Value, name: &str) -> Option<Id> {
        self.some(of, name, as_id)
    }

    pub(super) fn number(&self, of: &Value, name: &str) -> Option<i64> {
        self.some(of, name, as_number)
    }

    pub(super) fn moment(&self, of: &Value, name: &str) -> Option<Timestamp> {
        self.number(of, name).map(Timestamp::from_unix_ms)
    }

    /// A field that holds other fields.
    pub(super) fn object<'a>(&self, of: &'a Value, name: &str) -> Option<&'a Value> {
        let value = of.get(name).filter(|value| !value.is_null())?;
        if !value.is_object() {
            self.pass_over();
            return None;
        }
        Some(value)
    }

    /// A list; empty if it is left out or odd.
    pub(super) fn list<'a>(&self, of: &'a Value, name: &str) -> &'a [Value] {
        self.list_if_told(of, name).unwrap_or_default()
    }

    /// A list; `None` if it is left out or odd.
    pub(super) fn list_if_told<'a>(&self, of: &'a Value, name: &str) -> Option<&'a [Value]> {
        let value = of.get(name).filter(|value| !value.is_null())?;
        let list = value.as_array();
        if list.is_none() {
            self.pass_over();
        }
        list.map(Vec::as_slice)
    }
}

pub(super) fn as_text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// A whole number, also one that comes as text or with a fraction.
pub(in crate::discord) fn as_number(value: &Value) -> Option<i64> {
    match value {
        // A cast from a float saturates.
        Value::Number(number) => number
            .as_i64()
            .or_else(|| number.as_f64().map(|number| number as i64)),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// Bits, of which 64 can be kept; as a number, or as text, as Discord writes long ones.
pub(super) fn as_bits(value: &Value) -> Option<u64> {
    const MAX_EXACT: f64 = 9_007_199_254_740_992.0;
    match value {
        Value::Number(number) => number.as_u64().or_else(|| {
            let number = number.as_f64()?;
            let is_whole = (0.0..=MAX_EXACT).contains(&number) && number.fract() == 0.0;
            is_whole.then_some(number as u64)
        }),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// An id, as text or as a number.
pub(super) fn as_id<Id: From<NonZeroU64>>(value: &Value) -> Option<Id> {
    let number = match value {
        Value::String(text) => UserId::from_str(text).ok()?.get(),
        Value::Number(number) => number.as_u64()?,
        _ => return None,
    };
    NonZeroU64::new(number).map(Id::from)
}
