use super::*;

fn wanted(address: &str) -> Result<Wanted, NoPicture> {
    let (address, query) = address.split_once('?').unwrap_or((address, ""));
    let (host, path) = address.split_once('/').unwrap();
    Wanted::at(host, path, query)
}

#[test]
fn every_kind_of_address_asks_for_its_kind_of_picture() {
    use Format::{Gif, Jpeg, Png, WebP};
    for (address, subject, format, width) in [
        (
            "cdn.discordapp.com/avatars/7/ab12.webp",
            Subject::Avatar,
            WebP,
            256,
        ),
        (
            "cdn.discordapp.com/avatars/7/a_b12.gif?size=64",
            Subject::Avatar,
            Gif,
            64,
        ),
        (
            "cdn.discordapp.com/avatars/7/a_b12.png?size=4096",
            Subject::Avatar,
            Png,
            1024,
        ),
        (
            "cdn.discordapp.com/embed/avatars/5.png?size=16",
            Subject::DefaultAvatar(5),
            Png,
            256,
        ),
        (
            "cdn.discordapp.com/app-assets/7/123.jpeg",
            Subject::Artwork,
            Jpeg,
            256,
        ),
        (
            "cdn.discordapp.com/guild-tag-badges/7/ab.webp",
            Subject::Badge,
            WebP,
            128,
        ),
        (
            "cdn.discordapp.com/emojis/123.gif?size=32",
            Subject::Emoji,
            Gif,
            32,
        ),
        (
            "media.discordapp.net/external/x-_7/https/example.com/a.png",
            Subject::Frame,
            Png,
            480,
        ),
        (
            "media.discordapp.net/external/x/https/example.com/a/b%20c",
            Subject::Frame,
            Png,
            480,
        ),
        (
            "i.scdn.co/image/ab67616d0000b2731a2b",
            Subject::Cover,
            Jpeg,
            320,
        ),
        (
            "i.scdn.co/image/ab67616d000048511a2b",
            Subject::Cover,
            Jpeg,
            64,
        ),
        (
            "static-cdn.jtvnw.net/previews-ttv/live_user_a_b.png",
            Subject::Frame,
            Png,
            480,
        ),
        (
            "i.ytimg.com/vi/dQw4w9WgXcQ/hqdefault_live.jpg",
            Subject::Frame,
            Jpeg,
            480,
        ),
    ] {
        let wanted = wanted(address).unwrap();
        assert_eq!(
            (wanted.subject, wanted.format, wanted.width),
            (subject, format, width),
            "{address}"
        );
    }
}

#[test]
fn format_and_size_do_not_change_what_is_drawn() {
    let names = [
        "cdn.discordapp.com/avatars/7/a_b.webp",
        "cdn.discordapp.com/avatars/7/a_b.gif?size=64",
        "cdn.discordapp.com/avatars/7/a_b.jpg?size=1024",
    ];
    let names = names.map(|address| wanted(address).unwrap().name);
    assert!(names.iter().all(|name| *name == names[0]), "{names:?}");
    let cover = |size| {
        wanted(&format!("i.scdn.co/image/ab67616d0000{size}77aa"))
            .unwrap()
            .name
    };
    assert_eq!(cover("b273"), cover("1e02"));
}

#[test]
fn what_the_real_host_would_not_answer_is_refused() {
    for (address, error) in [
        ("example.com/avatars/7/ab.png", NoPicture::NotFound),
        ("cdn.discordapp.com/", NoPicture::NotFound),
        ("cdn.discordapp.com/avatars/7", NoPicture::NotFound),
        ("cdn.discordapp.com/avatars/me/ab.png", NoPicture::NotFound),
        ("cdn.discordapp.com/avatars/7/ab", NoPicture::NotFound),
        ("cdn.discordapp.com/avatars/7/.png", NoPicture::NotFound),
        (
            "cdn.discordapp.com/avatars/7/../ab.png",
            NoPicture::NotFound,
        ),
        ("cdn.discordapp.com/avatars/7/ab.tiff", NoPicture::Format),
        ("cdn.discordapp.com/avatars/7/ab.gif", NoPicture::Format),
        ("cdn.discordapp.com/app-assets/7/ab.gif", NoPicture::Format),
        (
            "cdn.discordapp.com/embed/avatars/6.png",
            NoPicture::NotFound,
        ),
        (
            "cdn.discordapp.com/embed/avatars/1.webp",
            NoPicture::NotFound,
        ),
        (
            "cdn.discordapp.com/avatars/7/ab.png?size=100",
            NoPicture::Size,
        ),
        (
            "cdn.discordapp.com/avatars/7/ab.png?size=8",
            NoPicture::Size,
        ),
        (
            "cdn.discordapp.com/avatars/7/ab.png?size=8192",
            NoPicture::Size,
        ),
        ("cdn.discordapp.com/avatars/7/ab.png?size=", NoPicture::Size),
        ("media.discordapp.net/external/x", NoPicture::NotFound),
        (
            "media.discordapp.net/external/x/https/example.com",
            NoPicture::NotFound,
        ),
        ("i.scdn.co/image/a.jpg", NoPicture::NotFound),
        (
            "static-cdn.jtvnw.net/previews-ttv/live_user_.png",
            NoPicture::NotFound,
        ),
        ("i.ytimg.com/vi/a/hqdefault.png", NoPicture::NotFound),
    ] {
        assert_eq!(wanted(address), Err(error), "{address}");
    }
}
