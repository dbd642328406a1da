#!/usr/bin/env python3
"""Makes the card fonts out of the unpacked sources.

Called by `make`; usage: build.py SOURCES OUT [name ...]
SOURCES holds one folder for each package, OUT takes the fonts.
"""
import os
import sys

from fontTools import merge, subset
from fontTools.ttLib import TTFont, newTable
from fontTools.ttLib.tables import otTables
from fontTools.unicodedata import script as script_of

SRC, OUT = sys.argv[1], sys.argv[2]
ONLY = set(sys.argv[3:])
# head.created and head.modified, in seconds since 1904: 2024-01-01.
STAMP = 3786912000

KEEP_TABLES = {
    "head", "hhea", "maxp", "OS/2", "hmtx", "cmap", "loca", "glyf", "CFF ", "name", "post",
    "GSUB", "GPOS", "GDEF", "COLR", "CPAL",
}

# What every font may use; shaping needs all of them but the last five.
SHAPING = """ccmp locl rlig calt liga clig rclt mark mkmk kern curs dist abvm blwm
 init medi med2 fina fin2 fin3 isol stch
 nukt akhn rphf rkrf pref blwf abvf half pstf vatu cjct cfar
 pres abvs blws psts haln ljmo vjmo tjmo""".split()


def spans(text):
    """'41-5A 2190' -> the set of these code points."""
    out = set()
    for part in text.split():
        a, _, b = part.partition("-")
        out.update(range(int(a, 16), int(b or a, 16) + 1))
    return out


def cut(font, unicodes, features=SHAPING):
    o = subset.Options()
    o.layout_features = list(features)
    o.layout_scripts = ["*"]
    o.hinting = False
    o.glyph_names = False
    o.notdef_outline = True
    o.recommended_glyphs = False
    o.legacy_kern = False
    o.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]
    o.name_languages = [0x409]
    o.name_legacy = False
    o.prune_unicode_ranges = True
    o.prune_codepage_ranges = True
    o.recalc_bounds = False
    o.recalc_timestamp = False
    o.canonical_order = True
    o.ignore_missing_unicodes = True
    o.ignore_missing_glyphs = True
    o.drop_tables = [t for t in font.keys() if t not in KEEP_TABLES and t != "GlyphOrder"]
    s = subset.Subsetter(o)
    s.populate(unicodes=unicodes)
    s.subset(font)


def rename(font, family, style="Regular", note=None):
    """Names of our own: a cut font need not pass for the whole one."""
    name = font["name"]
    full = family if style == "Regular" else f"{family} {style}"
    ps = full.replace(" ", "") if style != "Regular" else family.replace(" ", "") + "-Regular"
    keep = {i: name.getDebugName(i) for i in (0, 13, 14)}
    name.names = []
    if note:
        keep.update(note)
    for i, text in {
        0: keep.get(0), 1: full, 2: "Regular", 3: ps + ";lantern", 4: full, 6: ps,
        13: keep.get(13), 14: keep.get(14),
    }.items():
        if text:
            name.setName(text, i, 3, 1, 0x409)


def write(font, file):
    font.flavor = None
    font.recalcTimestamp = False
    # Else the bytes depend on whether uharfbuzz is installed.
    font.cfg["fontTools.ttLib.tables.otBase:USE_HARFBUZZ_REPACKER"] = False
    font["head"].created = font["head"].modified = STAMP
    post = font["post"]
    post.formatType = 3.0
    font["OS/2"].achVendID = "NONE"
    path = os.path.join(OUT, file)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    font.save(path, reorderTables=True)
    print(f"{os.path.getsize(path):>9} {len(font.getBestCmap()):>6} cp {file}", flush=True)


def wanted(file):
    return not ONLY or file in ONLY


# ---------------------------------------------------------------- Inter

INTER = spans("""20-7E A0-24F 250-2AF 2B0-2FF 300-36F 370-3FF 400-52F 1AB0-1AFF 1C80-1C8F
 1D00-1DBF 1DC0-1DFF 1E00-1FFF 2000-206F 2070-209F 20A0-20CF 2100-214F 2150-218F 2190-21FF
 2200-22FF 2C60-2C7F 2DE0-2E5D A640-A69F A720-A7FF AB30-AB6F FB00-FB06 FFFD""")


def inter():
    for style in ("Regular", "SemiBold"):
        file = f"inter-{style.lower()}.ttf"
        if wanted(file):
            f = TTFont(f"{SRC}/inter-ui/package/web/Inter-{style}.woff2")
            cut(f, INTER, "kern mark mkmk ccmp locl liga calt tnum".split())
            rename(f, "Lantern Latin", style)
            write(f, file)


# ---------------------------------------------------------------- emoji

def emoji():
    file = "emoji.ttf"
    if not wanted(file):
        return
    f = TTFont(f"{SRC}/twemoji-colr-font/package/twemoji.woff2")
    VS16 = f.getBestCmap()[0xFE0F]
    # A sequence is found with and without U+FE0F when its ligature names none:
    # a shaper skips a U+FE0F that no ligature asks for. So we drop them all,
    # the fully qualified spelling (most U+FE0F) having the say.
    (lookup,) = f["GSUB"].table.LookupList.Lookup
    seen = {}
    for table in lookup.SubTable:
        table = getattr(table, "ExtSubTable", table)
        for first, ligs in table.ligatures.items():
            for lig in ligs:
                whole = [first] + lig.Component
                bare = tuple(g for g in whole if g != VS16)
                seen.setdefault(bare, []).append((-whole.count(VS16), tuple(whole), lig.LigGlyph))
    ligatures = {}
    for bare, found in sorted(seen.items()):
        glyph = sorted(found)[0][2]
        if len(bare) == 1:
            # One character and U+FE0F: the character itself.
            for t in f["cmap"].tables:
                for cp, g in list(t.cmap.items()):
                    if g == bare[0]:
                        t.cmap[cp] = glyph
            continue
        lig = otTables.Ligature()
        lig.Component, lig.CompCount, lig.LigGlyph = list(bare[1:]), len(bare), glyph
        ligatures.setdefault(bare[0], []).append(lig)
    for ligs in ligatures.values():
        ligs.sort(key=lambda l: (-len(l.Component), l.Component))
    new = otTables.LigatureSubst()
    new.Format, new.LookupType, new.ligatures = 1, 4, ligatures
    lookup.SubTable, lookup.SubTableCount, lookup.LookupType = [new], 1, 4
    for g in (VS16, f.getBestCmap()[0x200D]):
        f["hmtx"][g] = (0, 0)
    cut(f, set(f.getBestCmap()), ["ccmp"])
    rename(f, "Lantern Emoji", note={
        0: "Emoji art: Twemoji, Copyright Twitter, Inc and other contributors, CC-BY-4.0. "
           "Font: Mozilla, Tilman Vatteroth, OFL-1.1. Ligatures, names and tables changed for Lantern.",
        13: "Art: CC-BY-4.0. Font: SIL Open Font License 1.1.",
    })
    write(f, file)


# ---------------------------------------------------------------- other scripts

NOTO = f"{SRC}/fonts-noto-core/usr/share/fonts/truetype/noto"

# File, font, and the code points that are cut out; the letters of other scripts come from Inter.
SCRIPTS = [
    ("arabic", "NotoSansArabic-Regular", "600-6FF 750-77F 8A0-8FF FB50-FDFF FE70-FEFF"),
    ("arabic-bold", "NotoSansArabic-Bold", "600-6FF 750-77F FB50-FBFF FDF0-FDFF FE70-FEFF"),
    ("hebrew", "NotoSansHebrew-Regular", "590-5FF FB1D-FB4F"),
    ("hebrew-bold", "NotoSansHebrew-Bold", "590-5FF FB1D-FB4F"),
    ("thaana", "NotoSansThaana-Regular", "780-7BF"),
    ("nko", "NotoSansNKo-Regular", "7C0-7FF"),
    ("devanagari", "NotoSansDevanagari-Regular", "900-97F A8E0-A8FF"),
    ("bengali", "NotoSansBengali-Regular", "980-9FF 964-965"),
    ("gurmukhi", "NotoSansGurmukhi-Regular", "A00-A7F 964-965"),
    ("gujarati", "NotoSansGujarati-Regular", "A80-AFF 964-965"),
    ("oriya", "NotoSansOriya-Regular", "B00-B7F 964-965"),
    ("tamil", "NotoSansTamil-Regular", "B80-BFF 964-965"),
    ("telugu", "NotoSansTelugu-Regular", "C00-C7F 964-965"),
    ("kannada", "NotoSansKannada-Regular", "C80-CFF 964-965"),
    ("malayalam", "NotoSansMalayalam-Regular", "D00-D7F 964-965"),
    ("sinhala", "NotoSansSinhala-Regular", "D80-DFF 964-965"),
    ("thai", "NotoSansThai-Regular", "E00-E7F"),
    ("lao", "NotoSansLao-Regular", "E80-EFF"),
    ("myanmar", "NotoSansMyanmar-Regular", "1000-109F"),
    ("georgian", "NotoSansGeorgian-Regular", "10A0-10FF 1C90-1CBF 2D00-2D2F"),
    ("armenian", "NotoSansArmenian-Regular", "530-58F FB13-FB17"),
    ("ethiopic", "NotoSansEthiopic-Regular", "1200-137F 1380-139F"),
    ("cherokee", "NotoSansCherokee-Regular", "13A0-13FF AB70-ABBF"),
    ("canadian", "NotoSansCanadianAboriginal-Regular", "1400-167F 18B0-18FF"),
    ("khmer", "NotoSansKhmer-Regular", "1780-17FF 19E0-19FF"),
    ("adlam", "NotoSansAdlam-Regular", "1E900-1E95F"),
    ("syriac", "NotoSansSyriac-Regular", "700-74F 60C 61B 61F 640"),
    ("tibetan", "NotoSerifTibetan-Regular", "F00-FFF"),
    ("mongolian", "NotoSansMongolian-Regular", "1800-18AF 202F"),
    ("javanese", "NotoSansJavanese-Regular", "A980-A9DF"),
    ("balinese", "NotoSansBalinese-Regular", "1B00-1B7F"),
    ("sundanese", "NotoSansSundanese-Regular", "1B80-1BBF 1CC0-1CCF"),
    ("batak", "NotoSansBatak-Regular", "1BC0-1BFF"),
    ("buginese", "NotoSansBuginese-Regular", "1A00-1A1F"),
    ("tagalog", "NotoSansTagalog-Regular", "1700-171F 1735-1736"),
    ("meetei", "NotoSansMeeteiMayek-Regular", "AAE0-AAFF ABC0-ABFF"),
    ("chakma", "NotoSansChakma-Regular", "11100-1114F"),
    ("rohingya", "NotoSansHanifiRohingya-Regular", "10D00-10D3F 60C 61B 61F 640"),
    ("lepcha", "NotoSansLepcha-Regular", "1C00-1C4F"),
    ("limbu", "NotoSansLimbu-Regular", "1900-194F"),
    ("cham", "NotoSansCham-Regular", "AA00-AA5F"),
    ("taitham", "NotoSansTaiTham-Regular", "1A20-1AAF"),
    ("taile", "NotoSansTaiLe-Regular", "1950-197F"),
    ("newtailue", "NotoSansNewTaiLue-Regular", "1980-19DF"),
    ("taiviet", "NotoSansTaiViet-Regular", "AA80-AADF"),
    ("kayahli", "NotoSansKayahLi-Regular", "A900-A92F"),
    ("math", "NotoSansMath-Regular",
     "2100-214F 2190-21FF 2200-22FF 27C0-27EF 27F0-27FF 2900-2AFF 300-36F 1D400-1D7FF"),
    ("symbols", "NotoSansSymbols-Regular", "2070-209F 20D0-20FF 2300-23FF 2460-24FF 2600-27BF 1F100-1F1FF 1F700-1F77F"),
    ("symbols2", "NotoSansSymbols2-Regular",
     "2300-243F 25A0-25FF 2600-27BF 2800-28FF 2B00-2BFF 1F650-1F67F 1F780-1F8FF"),
]

# What letters of every script are written with.
SHARED = spans("20 A0 2D 200B-200D 2010-2011 25CC 34F")


def scripts():
    for name, source, text in SCRIPTS:
        file = f"{name}.ttf"
        if not wanted(file):
            continue
        f = TTFont(f"{NOTO}/{source}.ttf")
        cut(f, spans(text) | SHARED)
        rename(f, "Lantern " + name.split("-")[0].capitalize(), "Bold" if name.endswith("bold") else "Regular")
        write(f, file)


# ---------------------------------------------------------------- more Latin, Greek, Cyrillic

def made(*files):
    """The characters of fonts that are made already."""
    return {c for file in files for c in TTFont(os.path.join(OUT, file), lazy=True).getBestCmap()}


MARKS = spans("20 300-36F 25CC")


def more():
    """What Inter lacks: small capitals, modifier letters, phonetic signs, rare letters."""
    file = "more.ttf"
    if wanted(file):
        f = TTFont(f"{NOTO}/NotoSans-Regular.ttf")
        cut(f, set(f.getBestCmap()) - made("inter-regular.ttf") | MARKS, "kern mark mkmk ccmp".split())
        rename(f, "Lantern More")
        write(f, file)


# ---------------------------------------------------------------- ornaments

# Letters that need no shaping, of scripts that people write with or adorn their names with, and
# single ornaments of scripts that nobody writes any more.
ORNAMENTS = [
    ("Yi", "A000-A4CF"),
    ("Lisu", "A4D0-A4FF"),
    ("Vai", "A500-A63F"),
    ("Bamum", "A6A0-A6FF 16807 1687C 168C2 168D8 16910 16954 16981 169B9 169F5"),
    ("OlChiki", "1C50-1C7F"),
    ("Tifinagh", "2D30-2D7F"),
    ("Coptic", "2C80-2CFF 3E2-3EF"),
    ("Glagolitic", "2C00-2C5F"),
    ("Runic", "16A0-16FF"),
    ("Ogham", "1680-169F"),
    ("Gothic", "10330-1034F"),
    ("Deseret", "10400-1044F"),
    ("Osage", "104B0-104FF"),
    ("Saurashtra", "A8D1"),
    ("Brahmi", "1104D"),
    ("LinearA", "1065A"),
    ("LinearB", "10082-10083"),
    ("InscriptionalPahlavi", "10B69"),
    ("Meroitic", "1098D"),
    ("OldTurkic", "10C34"),
    ("Phoenician", "10900"),
    ("Medefaidrin", "16E6D"),
    ("Cuneiform", "12077 1202D 12219 1219C 1242B"),
    ("EgyptianHieroglyphs",
     "13079 13080 13083 130E0-130F0 1313F-13153 13189 1318F 1319F-131AA 131B8 131E2 131FC 13212 13278 1329D"
     " 132F9 132FC 13339 1333A 1334A 1335D 13362 1336F 133AC 133F2"),
    ("Music", "1D11E 1D122 1D15E-1D164"),
]


def ornaments():
    file = "ornaments.ttf"
    if not wanted(file):
        return
    parts = []
    for i, (script, text) in enumerate(ORNAMENTS):
        family = "NotoMusic" if script == "Music" else f"NotoSans{script}"
        f = TTFont(f"{NOTO}/{family}-Regular.ttf")
        cut(f, spans(text), [])
        for table in ("GSUB", "GPOS", "GDEF"):
            if table in f:
                del f[table]
        assert f["head"].unitsPerEm == 1000, script
        # The merged font takes its bearings from the first.
        parts.append(os.path.join(OUT, f".part-{i:02}"))
        f.save(parts[-1])
    try:
        f = merge.Merger().merge(parts)
    finally:
        for part in parts:
            os.remove(part)
    rename(f, "Lantern Ornaments", note={0: "Copyright 2015-2020 Google LLC. All Rights Reserved."})
    write(f, file)


# ---------------------------------------------------------------- what is left

GENERAL = [f"{name}.ttf" for name in "inter-regular math symbols symbols2 more ornaments".split()] + ["cjk.otf"]


def rest():
    """All that the others lack; boxes and old signs above all. Run it when they are made."""
    file = "rest.ttf"
    if wanted(file):
        f = TTFont(f"{SRC}/fonts-dejavu-core/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")
        others = [*GENERAL, *(f"{name}.ttf" for name, _, _ in SCRIPTS)]
        have = made(*others)
        # A program that asks the font of a script for that script alone finds here what
        # scripts have in common, as the Arabic comma.
        have -= {c for c in have - made(*GENERAL) if script_of(chr(c)) == "Zyyy"}
        cut(f, set(f.getBestCmap()) - have - spans("E000-F8FF") | MARKS)
        rename(f, "Lantern Rest")
        write(f, file)


# ---------------------------------------------------------------- Chinese, Japanese, Korean

def encoded(codec, firsts, seconds):
    """The characters that two bytes stand for in a national standard."""
    out = set()
    for a in firsts:
        for b in seconds:
            try:
                out.add(ord(bytes([a, b]).decode(codec)))
            except (UnicodeDecodeError, TypeError):
                pass
    return out


def cjk():
    file = "cjk.otf"
    if not wanted(file):
        return
    upper = range(0xA1, 0xFF)
    wish = encoded("gb2312", range(0xA1, 0xF8), upper)
    wish |= encoded("big5", range(0xA1, 0xC7), [*range(0x40, 0x7F), *upper])
    wish |= encoded("euc_jp", range(0xA1, 0xF5), upper)
    wish |= spans("AC00-D7A3 1100-11FF 3130-318F")
    wish |= spans("3000-312F 31A0-31BF 31F0-31FF 3200-33FF FE30-FE6F FF00-FFEF")
    wish = {c for c in wish if c >= 0x1100 and not 0x2000 <= c < 0x2E80} | {0x20}
    f = TTFont(f"{SRC}/fonts-noto-cjk/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", fontNumber=2)
    # No "locl": forms for other regions are asked for by language, which we do not know. With "locl"
    # the file is two thirds larger.
    cut(f, wish, ["ccmp"])
    rename(f, "Lantern CJK")
    write(f, file)


if __name__ == "__main__":
    inter()
    emoji()
    scripts()
    more()
    ornaments()
    cjk()
    rest()
