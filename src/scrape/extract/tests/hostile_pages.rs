//! Pages of a wished size that somebody made to cost as much as they can, each by another means.
//!
//! The tests and the benchmark share them; the parser and the extractors know nothing of them.

/// A kind of hostile page: its name, and what makes one of about so many bytes.
pub type Kind = (&'static str, fn(usize) -> String);

/// Every kind.
pub const KINDS: &[Kind] = &[
    // The shape of the markup.
    ("calls in reviews", |n| {
        times(
            "<div class=review><p><a href='tel:094867777'>09 486 7777</a><p>a</div><p>b",
            n,
        )
    }),
    ("profiles of people", |n| {
        numbered(n, |i| {
            format!("<a href='https://facebook.com/abcdefgh.ijklmnop.{}'>x</a> ", i % 9_999)
        })
    }),
    ("profiles in one row", |n| {
        numbered(n, |i| {
            format!("<a href='https://facebook.com/p{i}'>y{i}</a> <a href=/{i}>z{i}</a> ")
        })
    }),
    ("deep divs", |n| times("<div>", n)),
    ("deep formatting", |n| times("<b><i><u>", n)),
    ("formatting across paragraphs", |n| {
        numbered(n, |i| format!("<font size={i}><p>"))
    }),
    ("misnested formatting", |n| times("<b><p><i></b><a></p></i>", n)),
    ("deep tables", |n| times("<table><tr><td>", n)),
    ("text between table parts", |n| times("<table>a<tr>b<td>c", n)),
    ("deep lists", |n| times("<ul><li>", n)),
    ("embedded vocabularies", |n| times("<svg><math><desc>", n)),
    ("templates", |n| times("<a><template>", n)),
    ("options", |n| times("<select><option>", n)),
    ("end tags of nothing", |n| times("</p></b></div></br>", n)),
    ("attributes of one element", |n| {
        format!("<p{}>x", numbered(n, |i| format!(" a{i}")))
    }),
    ("attributes of many elements", |n| {
        times("<i a b c d e f g h i j k l m n o p>", n)
    }),
    ("attributes of the body, again and again", |n| {
        numbered(n, |i| format!("<body b{i}=x>"))
    }),
    ("an attribute without end", |n| {
        format!("<p title=\"{}", times("a b ", n))
    }),
    ("classes of one element", |n| {
        format!(
            "<style>.b0{{display:none}}</style><p class=\"{}\">x",
            numbered(n, |i| format!("c{i} "))
        )
    }),
    ("a comment without end", |n| format!("<!--{}", times("-- >", n))),
    ("many comments", |n| times("<!---->", n)),
    ("a tag name without end", |n| format!("<{}", times("abcd", n))),
    ("a title without end", |n| format!("<title>{}", times("Smile | ", n))),
    ("a text area without end", |n| {
        format!("<textarea>{}", times("a@b.co ", n))
    }),
    ("character references", |n| times("&amp;&#64;&notit;&#x40;", n)),
    ("null characters", |n| times("\0a", n)),
    ("styles that hide", |n| {
        format!("<style>{}</style>", numbered(n, |i| format!(".a{i}{{display:none}}")))
    }),
    ("classes and styles that hide others", |n| {
        let styles = numbered(60_000, |i| format!(".a{i}{{display:none}}"));
        format!("<style>{styles}</style>{}", times("<i class='x y z'>a</i>", n))
    }),
    ("many styles", |n| {
        times("<style>.a{display:none}</style><p class=a>x", n)
    }),
    ("selectors without end", |n| format!("<style>{}", times(".a,.b ", n))),
    // One line of text.
    ("one word", |n| times("a", n)),
    ("digits", |n| times("1", n)),
    ("numbers", |n| times("1 ", n)),
    ("tabs", |n| format!("<table><tr>{}", times("<td>a", n))),
    ("commas", |n| times(",", n)),
    ("words and commas", |n| times("Ann, ", n)),
    ("colons", |n| times("Tel: ", n)),
    ("brackets", |n| times("(", n)),
    ("dashes", |n| times("9 - ", n)),
    ("combining marks", |n| times("e\u{301}", n)),
    ("ideographs", |n| times("東京都港区", n)),
    ("capitals", |n| times("Ann Bell ", n)),
    ("sentences", |n| times("Call Ann. Is it Bob? Yes! ", n)),
    ("telephone numbers in a line", |n| times("+64 9 524 7381 ", n)),
    ("telephone numbers without country in a line", |n| {
        times("09 524 7381, ", n)
    }),
    ("labelled telephone numbers in a line", |n| {
        times("Tel. 09 524 7381 Fax 09 524 7382 ", n)
    }),
    ("addresses of e-mail in a line", |n| {
        numbered(n, |i| format!("a{i}@b{i}.co "))
    }),
    ("beginnings of e-mail", |n| times("a@", n)),
    ("dots of e-mail", |n| format!("a@{}", times("b.", n))),
    ("dots before an at sign", |n| format!("{}@b.co", times("a.", n))),
    ("masked e-mail", |n| times("a (at) b dot c ", n)),
    ("at signs in brackets", |n| times("[at] ", n)),
    ("streets in a line", |n| times("12 High Street, Auckland 1010, ", n)),
    ("German streets in a line", |n| {
        times("Hauptstraße 12, 10115 Berlin, ", n)
    }),
    ("Japanese streets in a line", |n| {
        times("〒150-0001 東京都渋谷区神宮前1-2-3 ", n)
    }),
    ("hours in a line", |n| times("Mon-Fri 9am-5pm ", n)),
    ("Japanese hours in a line", |n| times("月曜日 9:00～18:00 ", n)),
    ("dates in a line", |n| times("1 January 2024: closed, ", n)),
    ("people in a line", |n| times("Dr Jane Smith, Dentist, ", n)),
    ("copyrights in a line", |n| times("© 2024 Smile Ltd ", n)),
    ("credits in a line", |n| times("Website by Bob ", n)),
    ("links in a line of text", |n| {
        times("www.smile.co.nz https://b.co/x ", n)
    }),
    // The longest lines that are read.
    ("one word, in paragraphs", |n| paragraphs("a", n)),
    ("digits, in paragraphs", |n| paragraphs("1", n)),
    ("numbers, in paragraphs", |n| paragraphs("1 ", n)),
    ("commas, in paragraphs", |n| paragraphs(",", n)),
    ("words and commas, in paragraphs", |n| paragraphs("Ann, ", n)),
    ("colons, in paragraphs", |n| paragraphs("Tel: ", n)),
    ("brackets, in paragraphs", |n| paragraphs("(", n)),
    ("dashes, in paragraphs", |n| paragraphs("9 - ", n)),
    ("combining marks, in paragraphs", |n| paragraphs("e\u{301}", n)),
    ("ideographs, in paragraphs", |n| paragraphs("東京都港区", n)),
    ("capitals, in paragraphs", |n| paragraphs("Ann Bell ", n)),
    ("sentences, in paragraphs", |n| {
        paragraphs("Call Ann. Is it Bob? Yes! ", n)
    }),
    ("telephone numbers, in paragraphs", |n| paragraphs("+64 9 524 7381 ", n)),
    ("beginnings of e-mail, in paragraphs", |n| paragraphs("a@", n)),
    ("masked e-mail, in paragraphs", |n| paragraphs("a (at) b dot c ", n)),
    ("at signs in brackets, in paragraphs", |n| paragraphs("[at] ", n)),
    ("streets, in paragraphs", |n| {
        paragraphs("12 High Street, Auckland 1010, ", n)
    }),
    ("hours, in paragraphs", |n| paragraphs("Mon-Fri 9am-5pm ", n)),
    ("Japanese hours, in paragraphs", |n| {
        paragraphs("月曜日 9:00～18:00 ", n)
    }),
    ("dates, in paragraphs", |n| paragraphs("1 January 2024: closed, ", n)),
    ("people, in paragraphs", |n| paragraphs("Dr Jane Smith, Dentist, ", n)),
    ("copyrights, in paragraphs", |n| paragraphs("© 2024 Smile Ltd ", n)),
    ("credits, in paragraphs", |n| paragraphs("Website by Bob ", n)),
    // Many lines.
    ("telephone numbers", |n| {
        numbered(n, |i| format!("<p>09 5{:02} {:04}", i / 10_000 % 100, i % 10_000))
    }),
    ("labelled telephone numbers", |n| {
        times("<p>Taxi Bob, 1 High Street: 09 524 7381. Call Ann 09 524 7382", n)
    }),
    ("addresses of e-mail", |n| numbered(n, |i| format!("<p>a{i}@b{i}.co"))),
    ("streets", |n| {
        numbered(n, |i| format!("<br>{i} High Street<br>Auckland 1010"))
    }),
    ("towns without streets", |n| times("<br>1010 Auckland", n)),
    ("Japanese streets", |n| {
        numbered(n, |i| format!("<p>〒150-0001 東京都渋谷区神宮前{i}-2-3"))
    }),
    ("hours", |n| times("<br>Mon 9am - 5pm", n)),
    ("rows of hours", |n| {
        format!("<table>{}", times("<tr><td>Mon<td>9-5<td>Tue<td>10-6", n))
    }),
    ("matrices of hours", |n| {
        format!(
            "<table><tr>{}<tr>{}",
            times("<th>Mon", n / 2),
            times("<td>9:00-17:00", n / 2)
        )
    }),
    ("headings", |n| numbered(n, |i| format!("<h1>Smile {i}</h1>"))),
    ("headings of people", |n| {
        times("<h3>Dr Jane Smith</h3><p>Dentist</p>", n)
    }),
    ("many people", |n| {
        numbered(n, |i| format!("<h3>Dr Jane {}</h3><p>Dentist</p>", letters(i)))
    }),
    ("services", |n| {
        format!(
            "<h2>Our services</h2><ul>{}",
            numbered(n, |i| format!("<li>Crowns {}", letters(i)))
        )
    }),
    ("headings of services", |n| {
        numbered(n, |i| format!("<h2>Our services</h2><li>Crowns {}", letters(i)))
    }),
    ("prices", |n| {
        numbered(n, |i| format!("<tr><td>Crowns {}<td>$ 120", letters(i)))
    }),
    ("languages", |n| {
        times("<p>We speak English, German, Māori and French.", n)
    }),
    ("copyrights", |n| numbered(n, |i| format!("<p>© 2024 Smile {i} Ltd"))),
    ("rows without end", |n| format!("<table>{}", times("<tr><td>a<td>b", n))),
    ("definitions", |n| format!("<dl>{}", times("<dt>Tel<dd>09 524 7381", n))),
    ("hidden text", |n| times("<p style='display:none'>09 524 7381</p>", n)),
    ("reversed text", |n| {
        times("<p style='unicode-bidi:bidi-override;direction:rtl'>oc.b@a", n)
    }),
    ("text without scripts", |n| times("<noscript>a (at) b.co", n)),
    ("footers", |n| times("<footer><p>Smile Ltd, 1 High Street", n)),
    ("directories", |n| {
        numbered(n, |i| {
            format!("<h2>Smile {i}</h2><p>{i} High Street, Auckland 1010<p>09 524 7381<p>a{i}@b.co<p>Mon-Fri 9-5")
        })
    }),
    // Links.
    ("telephone links", |n| {
        numbered(n, |i| format!("<a href=tel:+649{i:07}>call</a>"))
    }),
    ("mail links", |n| {
        numbered(n, |i| format!("<a href=mailto:a{i}@b.co>mail</a>"))
    }),
    ("profiles", |n| {
        numbered(n, |i| format!("<a href=https://facebook.com/bob{i}>Bob</a>"))
    }),
    ("profiles in prose", |n| {
        format!(
            "<p>{}",
            times("Bob <a href=https://facebook.com/bobby>Bob</a> and Ann. ", n)
        )
    }),
    ("maps", |n| {
        numbered(n, |i| {
            format!("<a href='https://www.google.com/maps?q={i}+High+Street,+Auckland+1010'>map</a>")
        })
    }),
    ("frames", |n| {
        times(
            "<iframe src='https://www.google.com/maps/embed?q=1+High+Street'></iframe>",
            n,
        )
    }),
    ("pages of the site", |n| {
        numbered(n, |i| format!("<a href=/contact/{i}>contact</a>"))
    }),
    ("an address without end", |n| {
        format!("<a href='https://facebook.com/{}'>x</a>", times("%41/", n))
    }),
    ("pictures", |n| times("<img src=logo.png alt='Smile Dental'>", n)),
    ("meta elements", |n| {
        numbered(n, |i| format!("<meta property=og:x{i} content='Smile, 09 524 7381'>"))
    }),
    ("a meta element without end", |n| {
        format!("<meta name=description content='{}'>", times("Smile, ", n))
    }),
    ("protected addresses", |n| {
        times("<a data-cfemail=543d3a323b14273d38317a373b>x</a>", n)
    }),
    ("protected addresses without end", |n| {
        format!("<a data-cfemail={}>x</a>", times("54", n))
    }),
    // Structured data.
    ("deep objects", |n| json_ld(&times("{\"a\":", n))),
    ("deep lists of objects", |n| json_ld(&times("[{\"a\":[", n))),
    ("unfinished strings", |n| {
        json_ld(&format!("{{\"a\":\"{}", times("\\\"", n)))
    }),
    ("escapes", |n| {
        json_ld(&format!(
            "{{\"@type\":\"Dentist\",\"name\":\"{}\"}}",
            times("\\u0041", n)
        ))
    }),
    ("strings without commas", |n| {
        json_ld(&format!("{{\"a\":{}", times("\"x\" ", n)))
    }),
    ("trailing commas", |n| {
        json_ld(&format!("[{}]", times("{\"a\":1,},", n)))
    }),
    ("comments in objects", |n| {
        json_ld(&format!("{{{}\"a\":1}}", times("/* x */ // y\n", n)))
    }),
    ("businesses", |n| {
        json_ld(&format!(
            "[{}0]",
            numbered(n, |i| format!(
                "{{\"@type\":\"Dentist\",\"name\":\"S{i}\",\"telephone\":\"09 524 7381\",\"email\":\"a{i}@b.co\"}},"
            ))
        ))
    }),
    ("departments", |n| {
        json_ld(&format!(
            "{{\"@type\":\"Dentist\",\"department\":[{}0]}}",
            numbered(n, |i| format!(
                "{{\"@id\":\"#{i}\",\"@type\":\"Dentist\",\"address\":\"{i} High Street\"}},"
            ))
        ))
    }),
    ("references in a ring", |n| {
        json_ld(&format!(
            "[{}0]",
            numbered(n, |i| format!(
                "{{\"@id\":\"#{i}\",\"@type\":\"Dentist\",\"department\":{{\"@id\":\"#{}\"}}}},",
                i + 1
            ))
        ))
    }),
    ("references to one", |n| {
        json_ld(&format!(
            "[{}{{\"@id\":\"#a\",\"@type\":\"Dentist\",\"department\":{{\"@id\":\"#a\"}}}}]",
            times(
                "{\"@id\":\"#a\",\"@type\":\"Dentist\",\"department\":{\"@id\":\"#a\"}},",
                n
            )
        ))
    }),
    ("structured hours", |n| {
        json_ld(&format!(
            "{{\"@type\":\"Dentist\",\"openingHours\":[{}\"Su 1-2\"]}}",
            times("\"Mo-Fr 09:00-17:00\",", n)
        ))
    }),
    ("structured hours in one text", |n| {
        json_ld(&format!(
            "{{\"@type\":\"Dentist\",\"openingHours\":\"{}\"}}",
            times("Mo-Fr 09:00-17:00 ", n)
        ))
    }),
    ("a structured telephone without end", |n| {
        json_ld(&format!(
            "{{\"@type\":\"Dentist\",\"telephone\":\"{}\"}}",
            times("09 524 7381 / ", n)
        ))
    }),
    ("a structured street without end", |n| {
        json_ld(&format!(
            "{{\"@type\":\"Dentist\",\"address\":\"{}\"}}",
            times("12 High Street, ", n)
        ))
    }),
    ("structured people", |n| {
        json_ld(&format!(
            "{{\"@type\":\"Dentist\",\"employee\":[{}0]}}",
            numbered(n, |i| format!(
                "{{\"@type\":\"Person\",\"name\":\"Ann {}\"}},",
                letters(i)
            ))
        ))
    }),
    ("profiles that are the same", |n| {
        json_ld(&format!(
            "{{\"@type\":\"Dentist\",\"sameAs\":[{}0]}}",
            numbered(n, |i| format!("\"https://facebook.com/bob{i}\","))
        ))
    }),
    ("many blocks", |n| {
        times(
            "<script type=application/ld+json>{\"@type\":\"Dentist\",\"name\":\"x\"}</script>",
            n,
        )
    }),
    ("nested items", |n| {
        times(
            "<div itemscope itemtype=http://schema.org/Dentist><i itemprop=name>x</i>",
            n,
        )
    }),
    ("nested properties", |n| {
        times("<div itemprop=a itemscope itemtype=http://schema.org/Dentist>", n)
    }),
    ("references of items", |n| {
        format!(
            "{}<p id=a>{}",
            times("<div itemscope itemref='a a a a'></div>", n / 2),
            times("<i itemprop=n>x</i>", n / 2)
        )
    }),
    ("references of items in a ring", |n| {
        numbered(n, |i| {
            format!("<div id=i{i} itemprop=x itemscope itemref=i{}></div>", i + 1)
        })
    }),
    ("properties of one item", |n| {
        format!(
            "<div itemscope itemtype=http://schema.org/Dentist>{}",
            times("<i itemprop=name>x</i>", n)
        )
    }),
    ("long values of nested properties", |n| {
        format!(
            "<div itemscope itemtype=http://schema.org/Dentist>{}",
            times("<i itemprop=name>xxxxxxxx ", n)
        )
    }),
    ("nested types", |n| {
        times("<div vocab=http://schema.org/ typeof=Dentist property=x>", n)
    }),
    ("nested values", |n| {
        format!("<div typeof=Dentist>{}", times("<i property=name>xxxxxxxx ", n))
    }),
    // Scripts.
    ("functions", |n| {
        times("<script>function a(b){document.write(a('@'+b))} a('x')</script>", n)
    }),
    ("functions of one script", |n| {
        format!(
            "<script>{}document.write('@')</script>",
            numbered(n, |i| format!("function f{i}(b){{return b}} "))
        )
    }),
    ("sums of strings", |n| {
        many_scripts(n, |m| format!("document.write({}'@')", times("'a'+", m)))
    }),
    ("brackets of scripts", |n| {
        many_scripts(n, |m| format!("mail={}", times("[('@", m)))
    }),
    ("variables of scripts", |n| {
        many_scripts(n, |m| {
            format!("{}document.write(a0+'@')", numbered(m, |i| format!("var a{i}='x';")))
        })
    }),
    ("a script without end", |n| {
        format!("<script>{}", times("document.write('a@b.co'); ", n))
    }),
    ("doubling strings", |n| {
        many_scripts(n, |m| format!("a='@';{}document.write(a)", times("a=a+a;", m)))
    }),
    ("towns with their country", |n| {
        numbered(n, |i| {
            format!(
                "<p>X{}, Kenya",
                char::from(b'a' + (i % 26) as u8).to_string().repeat(1 + i % 20)
            )
        })
    }),
    ("profiles that are written out", |n| {
        numbered(n, |i| format!("<p>Instagram: @a{i} facebook.com/b{i}"))
    }),
    ("Japanese addresses without a code", |n| {
        times("<p>鹿児島県鹿児島市武1丁目", n)
    }),
];

fn times(text: &str, bytes: usize) -> String {
    text.repeat(bytes / text.len() + 1)
}

/// Paragraphs of about the length up to which a line is read as contact details.
fn paragraphs(text: &str, bytes: usize) -> String {
    times(&format!("<p>{}", text.repeat(1_980 / text.len())), bytes)
}

fn numbered(bytes: usize, piece: impl Fn(usize) -> String) -> String {
    let mut out = String::with_capacity(bytes + 256);
    for n in 0.. {
        out.push_str(&piece(n));
        if out.len() >= bytes {
            break;
        }
    }
    out
}

/// A word of letters for a number, as names have no digits.
fn letters(mut n: usize) -> String {
    let mut out = String::from("B");
    loop {
        out.push(char::from(b'a' + (n % 26) as u8));
        n /= 26;
        if n == 0 {
            return out;
        }
    }
}

fn json_ld(text: &str) -> String {
    format!("<script type=application/ld+json>{text}</script>")
}

/// Scripts of a size that is still read.
fn many_scripts(bytes: usize, script: impl Fn(usize) -> String) -> String {
    numbered(bytes, |_| format!("<script>{}</script>", script(7_500)))
}
