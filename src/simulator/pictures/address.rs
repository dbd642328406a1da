//! What an address asks for. Only addresses that the real host would answer ask for anything.
//!
//! Discord's forms: its developer documentation, "Image Formatting" and "CDN Endpoints".

use thiserror::Error;

/// Hashes that start so belong to pictures that move.
const ANIMATED: &str = "a_";
/// The widest that a picture is drawn; a larger `size` gets this, as originals are not enlarged.
const WIDEST: u32 = 1024;
/// The width of an avatar or artwork whose address names no size.
const USUAL: u32 = 256;
/// The width of default avatars, whose addresses take no size.
const DEFAULT_AVATAR: u32 = 256;
/// The width of emoji and badges whose address names no size.
const SMALL: u32 = 128;
/// The width of pictures that are wider than high.
const FRAME: u32 = 480;
/// The width of a large album cover: half of what it is at Spotify, to be drawn in a moment.
const COVER: u32 = 320;

/// Why an address has no picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NoPicture {
    /// No such host, or nothing at this path of it.
    #[error("404: Not Found")]
    NotFound,
    /// The size is not a power of two from 16 to 4096.
    #[error("Invalid resource: unsupported size")]
    Size,
    /// The picture does not exist in this format.
    #[error("Invalid resource: unsupported format")]
    Format,
}

/// A file format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// `.png`
    Png,
    /// `.jpg` or `.jpeg`
    Jpeg,
    /// `.webp`
    WebP,
    /// `.gif`
    Gif,
}

impl Format {
    fn of(extension: &str) -> Option<Self> {
        Some(match extension {
            "png" => Self::Png,
            "jpg" | "jpeg" => Self::Jpeg,
            "webp" => Self::WebP,
            "gif" => Self::Gif,
            _ => return None,
        })
    }

    /// The media type.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::WebP => "image/webp",
            Self::Gif => "image/gif",
        }
    }
}

/// What kind of picture it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// Somebody's own avatar.
    Avatar,
    /// One of the six that Discord gives to those who have none.
    DefaultAvatar(u8),
    /// Square artwork of a game.
    Artwork,
    /// The cover of an album.
    Cover,
    /// The badge of a server tag.
    Badge,
    /// An emoji of a server.
    Emoji,
    /// A picture of 16 by 9: a preview of a stream, or one from elsewhere.
    Frame,
}

/// A picture that is to be drawn.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Wanted {
    /// What kind it is.
    pub subject: Subject,
    /// What tells it from others of its kind: host and path, without the format.
    pub name: String,
    /// The format of the file.
    pub format: Format,
    /// The width in pixels.
    pub width: u32,
}

impl Wanted {
    /// What `https://{host}/{path}?{query}` asks for.
    pub fn at(host: &str, path: &str, query: &str) -> Result<Self, NoPicture> {
        let segments: Vec<&str> = path.split('/').collect();
        match host {
            "cdn.discordapp.com" => discord(&segments, query),
            "media.discordapp.net" => proxied(&segments),
            "i.scdn.co" => spotify(&segments),
            "static-cdn.jtvnw.net" => twitch(&segments),
            "i.ytimg.com" => youtube(&segments),
            _ => Err(NoPicture::NotFound),
        }
        .map(|wanted| Self {
            name: format!("{host}/{}", wanted.name),
            ..wanted
        })
    }

    fn new(subject: Subject, name: String, format: Format, width: u32) -> Self {
        Self {
            subject,
            name,
            format,
            width,
        }
    }
}

fn discord(segments: &[&str], query: &str) -> Result<Wanted, NoPicture> {
    let (folder, file) = match *segments {
        ["embed", "avatars", file] => return default_avatar(file),
        [folder @ "emojis", file] => (folder, file),
        [
            folder @ ("avatars" | "app-assets" | "guild-tag-badges"),
            owner,
            file,
        ] if is_id(owner) => (folder, file),
        _ => return Err(NoPicture::NotFound),
    };
    let (stem, format) = file_name(file)?;
    let (subject, usual) = match folder {
        "avatars" => (Subject::Avatar, USUAL),
        "app-assets" => (Subject::Artwork, USUAL),
        "emojis" => (Subject::Emoji, SMALL),
        _ => (Subject::Badge, SMALL),
    };
    let may_move = match subject {
        Subject::Avatar => stem.starts_with(ANIMATED),
        // Whether an emoji moves cannot be told from its address.
        Subject::Emoji => is_id(stem),
        _ => false,
    };
    if format == Format::Gif && !may_move {
        return Err(NoPicture::Format);
    }
    let width = size(query)?.unwrap_or(usual).min(WIDEST);
    let [folders @ .., _] = segments else {
        return Err(NoPicture::NotFound);
    };
    let name = format!("{}/{stem}", folders.join("/"));
    Ok(Wanted::new(subject, name, format, width))
}

fn default_avatar(file: &str) -> Result<Wanted, NoPicture> {
    let (stem, format) = file_name(file)?;
    let index = stem.parse().ok().filter(|index| *index < 6);
    match (index, format) {
        (Some(index), Format::Png) => Ok(Wanted::new(
            Subject::DefaultAvatar(index),
            format!("embed/avatars/{index}"),
            format,
            DEFAULT_AVATAR,
        )),
        _ => Err(NoPicture::NotFound),
    }
}

/// Discord's media proxy: `external/{signature}/{scheme}/{host}/{path}`.
fn proxied(segments: &[&str]) -> Result<Wanted, NoPicture> {
    let ["external", signature, _, _, .., file] = segments else {
        return Err(NoPicture::NotFound);
    };
    if !is_word(signature) {
        return Err(NoPicture::NotFound);
    }
    // The proxy goes by what it finds there, not by the name.
    let format = file
        .rsplit_once('.')
        .and_then(|(_, extension)| Format::of(extension))
        .filter(|format| *format != Format::Gif)
        .unwrap_or(Format::Png);
    let name = segments.join("/");
    Ok(Wanted::new(Subject::Frame, name, format, FRAME))
}

fn spotify(segments: &[&str]) -> Result<Wanted, NoPicture> {
    let ["image", id] = segments else {
        return Err(NoPicture::NotFound);
    };
    if !is_word(id) {
        return Err(NoPicture::NotFound);
    }
    // The same cover has an id for each of its sizes.
    let width = match id.get(12..16) {
        Some("4851") => 64,
        Some("1e02") => 300,
        _ => COVER,
    };
    let cover = id.get(16..).filter(|cover| !cover.is_empty());
    let name = format!("image/{}", cover.unwrap_or(id));
    Ok(Wanted::new(Subject::Cover, name, Format::Jpeg, width))
}

fn twitch(segments: &[&str]) -> Result<Wanted, NoPicture> {
    let ["previews-ttv", file] = segments else {
        return Err(NoPicture::NotFound);
    };
    let (stem, format) = file_name(file)?;
    match (stem.strip_prefix("live_user_"), format) {
        (Some(streamer), Format::Png | Format::Jpeg) if !streamer.is_empty() => {
            let name = format!("previews-ttv/{stem}");
            Ok(Wanted::new(Subject::Frame, name, format, FRAME))
        }
        _ => Err(NoPicture::NotFound),
    }
}

fn youtube(segments: &[&str]) -> Result<Wanted, NoPicture> {
    let ["vi", video, file] = segments else {
        return Err(NoPicture::NotFound);
    };
    let (_, format) = file_name(file)?;
    if !is_word(video) || format != Format::Jpeg {
        return Err(NoPicture::NotFound);
    }
    let name = format!("vi/{video}");
    Ok(Wanted::new(Subject::Frame, name, format, FRAME))
}

fn file_name(file: &str) -> Result<(&str, Format), NoPicture> {
    let (stem, extension) = file.rsplit_once('.').ok_or(NoPicture::NotFound)?;
    if !is_word(stem) {
        return Err(NoPicture::NotFound);
    }
    let format = Format::of(extension).ok_or(NoPicture::Format)?;
    Ok((stem, format))
}

/// The `size` of a query: a power of two from 16 to 4096.
fn size(query: &str) -> Result<Option<u32>, NoPicture> {
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let Some((_, size)) = pairs.find(|(key, _)| *key == "size") else {
        return Ok(None);
    };
    let size = size.parse().ok();
    let size = size.filter(|size: &u32| size.is_power_of_two() && (16..=4096).contains(size));
    size.map(Some).ok_or(NoPicture::Size)
}

fn is_id(text: &str) -> bool {
    text.parse::<u64>().is_ok()
}

/// Letters, digits, `_` and `-`, as in hashes and names.
fn is_word(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    !text.is_empty() && text.bytes().all(fits)
}

#[cfg(test)]
mod tests;
