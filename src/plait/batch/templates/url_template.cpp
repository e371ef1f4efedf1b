#include "plait/batch/templates/url_template.hpp"

#include "plait/base/error.hpp"
#include "plait/http/message/url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace plait::batch {

namespace {

using Kind = TemplatePart::Kind;
using Parts = std::vector<TemplatePart>;

TemplatePart literal(std::string_view text) { return TemplatePart(Kind::literal, std::string(text)); }

bool has_kind(const Parts& parts, Kind kind) {
    return std::any_of(parts.begin(), parts.end(), [kind](const TemplatePart& part) { return part.kind == kind; });
}

/// Cuts the parts at the first of `signs` in a literal: takes what stands before it, and leaves the rest, which begins
/// with the sign.
Parts take_until(Parts& rest, std::string_view signs) {
    Parts taken;
    while (!rest.empty()) {
        TemplatePart& part = rest.front();
        const std::size_t at = part.kind == Kind::literal ? part.text.find_first_of(signs) : std::string::npos;
        if (at != std::string::npos) {
            if (at > 0) taken.push_back(literal(std::string_view(part.text).substr(0, at)));
            part.text.erase(0, at);
            return taken;
        }
        taken.push_back(std::move(part));
        rest.erase(rest.begin());
    }
    return taken;
}

/// Drops the first character, which is in a literal.
void drop_sign(Parts& rest) {
    rest.front().text.erase(0, 1);
    if (rest.front().text.empty()) rest.erase(rest.begin());
}

bool begins_with(const Parts& rest, char sign) {
    return !rest.empty() && rest.front().kind == Kind::literal && rest.front().text.front() == sign;
}

void refuse_types(const Parts& parts) {
    for (const TemplatePart& part : parts) {
        if (part.kind == Kind::column && part.use.type == ValueType::json)
            throw_bad_input(":json may stand only in a JSON body");
    }
}

}  // namespace

UrlTemplate::UrlTemplate(std::string_view text, ColumnList& columns, const SecretText& secret_text) {
    Parts parts = parse_template(text, columns);
    refuse_types(parts);
    is_whole_ = parts.size() == 1 && parts[0].kind == Kind::column;
    if (is_whole_) {
        if (parts[0].use != ColumnUse(parts[0].use.column))
            throw_bad_input(fmt::format("{{{{row.{}}}}} alone as the URL takes no :type, ? or |",
                                        columns[parts[0].use.column].name));
        path_columns_.push_back(parts[0].use);
        pieces_.emplace_back(Piece::Kind::fixed, std::move(parts));
        return;
    }
    constexpr std::string_view scheme_end = "://";
    const bool has_scheme = !parts.empty() && parts[0].kind == Kind::literal &&
                            parts[0].text.find_first_of("/?#") != std::string::npos &&
                            parts[0].text.find(scheme_end) < parts[0].text.find_first_of("/?#");
    if (!has_scheme)
        throw_bad_input("write a whole URL with a fixed scheme and host, such as https://api.example/items/{{row.id}}");
    const std::size_t host = parts[0].text.find(scheme_end) + scheme_end.size();
    const std::string scheme = parts[0].text.substr(0, host);
    parts[0].text.erase(0, host);
    if (parts[0].text.empty()) parts.erase(parts.begin());
    const Parts authority = take_until(parts, "/?#");
    if (authority.size() != 1 || authority[0].kind != Kind::literal)
        throw_bad_input(
            "scheme and host are fixed: no {{...}} may stand in them (for whole URLs in a column, use --url "
            "'{{row.url}}')");
    pieces_.emplace_back(Piece::Kind::fixed, Parts{literal(scheme + authority[0].text)});
    add_path(parts);
    if (begins_with(parts, '?')) {
        drop_sign(parts);
        Parts query = take_until(parts, "#");
        for (;;) {
            add_pair(take_until(query, "&"), secret_text);
            if (query.empty()) break;
            drop_sign(query);
        }
    }
    if (has_kind(parts, Kind::column)) throw_bad_input("a column stands behind #, and that part is never sent");
    check_sample(columns);
}

void UrlTemplate::add_path(Parts& parts) {
    Parts path = take_until(parts, "?#");
    if (has_kind(path, Kind::secret))
        throw_bad_input("a secret can't stand in the path of a URL: put it into a header or into the query");
    while (!path.empty()) {
        drop_sign(path);
        pieces_.emplace_back(Piece::Kind::fixed, Parts{literal("/")});
        add_segment(take_until(path, "/"));
    }
    // Neighbours that never change become one.
    std::vector<Piece> merged;
    for (Piece& piece : pieces_) {
        if (piece.kind == Piece::Kind::fixed && !merged.empty() && merged.back().kind == Piece::Kind::fixed) {
            merged.back().parts[0].text += piece.parts[0].text;
        } else {
            merged.push_back(std::move(piece));
        }
    }
    pieces_ = std::move(merged);
}

void UrlTemplate::add_segment(Parts parts) {
    if (parts.empty()) return;
    for (const TemplatePart& part : parts) {
        if (part.kind != Kind::column) continue;
        if (part.use.if_missing == IfMissing::drop)
            throw_bad_input("a part of a path can't be left out: {{row.x?}} may stand in a query, header or body");
        path_columns_.push_back(part.use);
    }
    const bool is_fixed = !has_kind(parts, Kind::column);
    pieces_.emplace_back(is_fixed ? Piece::Kind::fixed : Piece::Kind::segment, std::move(parts));
}

void UrlTemplate::add_pair(Parts parts, const SecretText& secret_text) {
    if (has_kind(parts, Kind::secret)) return add_secret_pair(parts, secret_text);
    for (const TemplatePart& part : parts) {
        if (part.kind == Kind::column) query_columns_.push_back(part.use);
    }
    pieces_.emplace_back(Piece::Kind::pair, std::move(parts));
}

/// In a file of requests, secrets of a query stand in `params`, which come last: so they do here, too.
void UrlTemplate::add_secret_pair(const Parts& parts, const SecretText& secret_text) {
    std::string pair;
    for (const TemplatePart& part : parts) {
        if (part.kind == Kind::literal) pair += part.text;
    }
    std::string encoded;
    append_for_url(encoded, pair);
    const bool is_plain = std::count(pair.begin(), pair.end(), '=') == 1 && encoded.size() == pair.size() + 2;
    if (!is_plain || has_kind(parts, Kind::column) || parts[0].kind != Kind::literal ||
        parts[0].text.find('=') == std::string::npos)
        throw_bad_input("a secret in a query stands as NAME={{env.KEY}}, with no column beside it");
    const std::size_t equals = parts[0].text.find('=');
    std::string value = parts[0].text.substr(equals + 1);
    for (auto part = std::next(parts.begin()); part != parts.end(); ++part)
        value += part->kind == Kind::secret ? secret_text(part->text) : part->text;
    secret_pairs_.emplace_back(parts[0].text.substr(0, equals), std::move(value));
}

/// What is wrong with the fixed part would be wrong in each row.
void UrlTemplate::check_sample(const ColumnList& columns) const {
    const std::vector<RowCell> cells(columns.size(), RowCell(RowCell::Kind::number, "1"));
    std::string url;
    write(RowValues(cells, columns), url);
    (void)http::Url(url);
}

void UrlTemplate::write(const RowValues& values, std::string& url) const {
    url.clear();
    if (is_whole_) {
        url = values.text(pieces_[0].parts[0].use);
        return;
    }
    char before_pair = '?';
    const auto is_dropped = [&values](const TemplatePart& part) {
        return part.kind == Kind::column && part.use.if_missing == IfMissing::drop && values.is_missing(part.use);
    };
    for (const Piece& piece : pieces_) {
        if (piece.kind == Piece::Kind::fixed) {
            url += piece.parts[0].text;
        } else if (piece.kind == Piece::Kind::segment) {
            write_segment(piece, values, url);
        } else if (std::none_of(piece.parts.begin(), piece.parts.end(), is_dropped)) {
            url += std::exchange(before_pair, '&');
            for (const TemplatePart& part : piece.parts) {
                if (part.kind == Kind::literal) {
                    url += part.text;
                } else {
                    append_for_url(url, values.text(part.use));
                }
            }
        }
    }
}

void UrlTemplate::write_segment(const Piece& piece, const RowValues& values, std::string& url) {
    const std::size_t start = url.size();
    for (const TemplatePart& part : piece.parts) {
        if (part.kind == Kind::literal) {
            url += part.text;
            continue;
        }
        const std::string_view text = values.text(part.use);
        if (text.empty() && part.use.if_missing != IfMissing::empty)
            values.refuse(part.use, "is empty, and would change the path");
        append_for_url(url, text);
    }
    if (!changes_path(std::string_view(url).substr(start))) return;
    const auto column = std::find_if(piece.parts.begin(), piece.parts.end(),
                                     [](const TemplatePart& part) { return part.kind == Kind::column; });
    values.refuse(column->use, "would change the path");
}

}  // namespace plait::batch
