//! REQUEST_GUILD_MEMBERS and the chunks that answer it.

use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use super::close::Close;
use super::intents::{GUILD_MEMBERS, GUILD_PRESENCES};
use super::session::{Event, Session};
use crate::live::Live;
use crate::world::presence::Visibility;
use crate::world::snowflake::id_from_json;
use crate::world::{GUILD_ID, World};

/// Members in every chunk but the last.
const CHUNK: usize = 1000;
/// The most members that a search by name gives.
const MAX_FOUND: usize = 100;
/// The longest nonce, in bytes; longer ones are not echoed.
const MAX_NONCE: usize = 32;

/// Which members a client asks for.
#[derive(Debug, Clone, PartialEq)]
enum Filter {
    /// All, or the first so many.
    All(Option<usize>),
    /// Those whose name begins so, at most so many.
    Prefix(String, usize),
    /// Those with these ids.
    Ids(Vec<u64>),
}

/// A request for members.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    guild: u64,
    filter: Filter,
    presences: bool,
    nonce: Option<String>,
}

impl Request {
    /// Reads the `d` of opcode 8.
    pub fn parse(d: &Map<String, Value>) -> Result<Self, Close> {
        let guild = match d.get("guild_id") {
            Some(Value::Array(ids)) => ids.first().and_then(id_from_json),
            Some(id) => id_from_json(id),
            None => None,
        };
        let nonce = d
            .get("nonce")
            .and_then(Value::as_str)
            .filter(|nonce| nonce.len() <= MAX_NONCE);
        Ok(Self {
            guild: guild.ok_or(Close::DecodeError)?,
            filter: Filter::parse(d).ok_or(Close::DecodeError)?,
            presences: d.get("presences").and_then(Value::as_bool).unwrap_or(false),
            nonce: nonce.map(str::to_owned),
        })
    }
}

impl Filter {
    fn parse(d: &Map<String, Value>) -> Option<Self> {
        match d.get("user_ids") {
            None | Some(Value::Null) => {}
            Some(Value::Array(ids)) => {
                return ids
                    .iter()
                    .map(id_from_json)
                    .collect::<Option<_>>()
                    .map(Self::Ids);
            }
            Some(id) => return Some(Self::Ids(vec![id_from_json(id)?])),
        }
        let limit = match d.get("limit") {
            None | Some(Value::Null) => 0,
            Some(limit) => usize::try_from(limit.as_u64()?).ok()?,
        };
        match (d.get("query")?.as_str()?, limit) {
            ("", 0) => Some(Self::All(None)),
            ("", limit) => Some(Self::All(Some(limit.min(MAX_FOUND)))),
            (prefix, 0) => Some(Self::Prefix(prefix.to_lowercase(), MAX_FOUND)),
            (prefix, limit) => Some(Self::Prefix(prefix.to_lowercase(), limit.min(MAX_FOUND))),
        }
    }

    /// The ids of the members asked for, and those that are nobody's.
    fn find(&self, world: &World) -> (Vec<u64>, Vec<u64>) {
        match self {
            Self::All(limit) => (
                world
                    .members()
                    .map(|member| member.id())
                    .take(limit.unwrap_or(usize::MAX))
                    .collect(),
                vec![],
            ),
            Self::Prefix(prefix, limit) => {
                let found = world.members().filter(|member| member.is_called(prefix));
                (
                    found.map(|member| member.id()).take(*limit).collect(),
                    vec![],
                )
            }
            Self::Ids(ids) => ids.iter().partition(|id| world.member(**id).is_some()),
        }
    }
}

/// Adds the chunks that answer `request` to the session. As Discord does, it says nothing when the
/// guild is not the session's, or when all members are asked for without the intent. All members
/// asked for too soon are RATE_LIMITED.
pub fn answer(live: &Live, session: &Session, request: &Request) {
    let everyone = request.filter == Filter::All(None);
    if request.guild != GUILD_ID
        || !session.identify.has_guild()
        || (everyone && !session.wants(GUILD_MEMBERS))
    {
        return;
    }
    if everyone && let Err(wait) = live.members_limit.take(Instant::now()) {
        session.push(Event {
            name: "RATE_LIMITED".into(),
            data: rate_limited(request, wait).into(),
        });
        return;
    }
    // All chunks are read and queued under the world's lock: no update can come in between, and
    // nobody who was found can leave.
    let world = live.world.lock();
    let (found, not_found) = request.filter.find(&world);
    let count = found.len().div_ceil(CHUNK).max(1);
    for index in 0..count {
        let members = found.iter().skip(index * CHUNK).take(CHUNK);
        let data = chunk(
            &world,
            members,
            (index, count),
            &not_found,
            session.wants(GUILD_PRESENCES),
            request,
        );
        session.push(Event {
            name: "GUILD_MEMBERS_CHUNK".into(),
            data: data.into(),
        });
    }
}

/// The `d` of RATE_LIMITED.
fn rate_limited(request: &Request, wait: Duration) -> String {
    let mut meta = json!({"guild_id": request.guild.to_string()});
    if let (Some(nonce), Some(meta)) = (&request.nonce, meta.as_object_mut()) {
        meta.insert("nonce".to_owned(), json!(nonce));
    }
    json!({"opcode": 8, "retry_after": wait.as_secs_f64(), "meta": meta}).to_string()
}

fn chunk<'a>(
    world: &World,
    members: impl Iterator<Item = &'a u64>,
    (index, count): (usize, usize),
    not_found: &[u64],
    may_see_presences: bool,
    request: &Request,
) -> String {
    let members: Vec<_> = members.filter_map(|id| world.member(*id)).collect();
    let list = members
        .iter()
        .map(|member| member.json())
        .collect::<Vec<_>>()
        .join(",");
    let mut data = format!(
        r#"{{"guild_id":"{GUILD_ID}","members":[{list}],"chunk_index":{index},"chunk_count":{count}"#
    );
    let not_found: Vec<String> = not_found.iter().map(u64::to_string).collect();
    data.push_str(&format!(r#","not_found":{}"#, Value::from(not_found)));
    if request.presences && may_see_presences {
        let there = members.iter().map(|member| member.presence());
        let there = there.filter(|presence| presence.visibility == Visibility::Present);
        let list = there
            .map(|presence| &*presence.json)
            .collect::<Vec<_>>()
            .join(",");
        data.push_str(&format!(r#","presences":[{list}]"#));
    }
    if let Some(nonce) = &request.nonce {
        data.push_str(&format!(r#","nonce":{}"#, Value::from(nonce.as_str())));
    }
    data.push('}');
    data
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(d: Value) -> Result<Request, Close> {
        Request::parse(d.as_object().unwrap())
    }

    #[test]
    fn ids_come_as_strings_and_as_numbers() {
        let ids = |d: Value| parse(d).unwrap().filter;
        assert_eq!(
            ids(json!({"guild_id": "1", "user_ids": ["2", 3], "limit": 1})),
            Filter::Ids(vec![2, 3])
        );
        assert_eq!(
            ids(json!({"guild_id": 1, "user_ids": "2", "query": ""})),
            Filter::Ids(vec![2])
        );
    }

    #[test]
    fn a_request_without_query_and_ids_is_malformed() {
        for d in [
            json!({"guild_id": "1"}),
            json!({"query": ""}),
            json!({"guild_id": "1", "user_ids": ["x"]}),
        ] {
            assert_eq!(parse(d.clone()), Err(Close::DecodeError), "{d}");
        }
    }

    #[test]
    fn a_rate_limit_names_the_request() {
        let mut request = parse(json!({"guild_id": "1", "query": "", "nonce": "n"})).unwrap();
        let told = |request: &Request| -> Value {
            let text = rate_limited(request, Duration::from_millis(26_300));
            serde_json::from_str(&text).unwrap()
        };
        assert_eq!(
            told(&request),
            json!({"opcode": 8, "retry_after": 26.3, "meta": {"guild_id": "1", "nonce": "n"}})
        );
        request.nonce = None;
        assert_eq!(told(&request)["meta"], json!({"guild_id": "1"}));
    }

    #[test]
    fn every_chunk_but_the_last_is_full() {
        let world = World::new(1, 2_500, 0);
        let request =
            parse(json!({"guild_id": "1", "query": "", "limit": 0, "nonce": "n\"1"})).unwrap();
        let (found, _) = request.filter.find(&world);
        let sizes: Vec<usize> = (0..3)
            .map(|index| {
                let members = found.iter().skip(index * CHUNK).take(CHUNK);
                let text = chunk(&world, members, (index, 3), &[], true, &request);
                let chunk: Value = serde_json::from_str(&text).unwrap();
                assert_eq!(chunk["nonce"], "n\"1");
                chunk["members"].as_array().unwrap().len()
            })
            .collect();
        assert_eq!(sizes, [1000, 1000, 501]);
    }
}
