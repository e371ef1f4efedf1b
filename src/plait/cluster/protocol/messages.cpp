#include "plait/cluster/protocol/messages.hpp"

#include "plait/base/error.hpp"
#include "plait/cluster/protocol/fields.hpp"
#include "plait/cluster/protocol/numbers.hpp"

#include <array>
#include <utility>

namespace plait::cluster {

namespace {

constexpr std::size_t call_id_bytes = 16;
constexpr std::size_t least_hold_bytes = call_id_bytes + 8;

/// Writes or reads the same fields in the same order: `put(writer, field)` and `get(reader, field)` are twins.
struct Putter {
    FieldWriter& out;

    void operator()(std::uint64_t value) { out.number(value); }
    void operator()(bool value) { out.flag(value); }
    void operator()(Duration value) { out.duration(value); }
    void operator()(TimePoint value) { out.duration(value.time_since_epoch()); }
    void operator()(const std::string& value) { out.text(value); }
    void operator()(const CallId& value) {
        out.number(value.epoch);
        out.number(value.number);
    }
    void operator()(const Parcel& value) {
        out.number(value.size);
        out.text(value.text);
    }
    void operator()(const std::vector<CallId>& values) {
        out.number(values.size());
        for (const CallId& value : values) (*this)(value);
    }
    void operator()(const std::vector<Hold>& values) {
        out.number(values.size());
        for (const Hold& value : values) {
            (*this)(value.call);
            (*this)(value.name);
        }
    }
};

struct Getter {
    FieldReader& in;

    void operator()(std::uint64_t& value) { value = in.number(); }
    void operator()(bool& value) { value = in.flag(); }
    void operator()(Duration& value) { value = in.duration(); }
    void operator()(TimePoint& value) {
        // Differences between times must be times.
        constexpr Duration most(Duration::rep{1} << 61);
        const Duration since_start = in.duration();
        if (since_start > most || since_start < -most)
            throw Error(ErrorCode::protocol, "a message of the cluster has a time that is out of range");
        value = TimePoint(since_start);
    }
    void operator()(std::string& value) { value = in.text(); }
    void operator()(CallId& value) {
        value.epoch = in.number();
        value.number = in.number();
    }
    void operator()(Parcel& value) {
        value.size = in.number_up_to(most_text_bytes);
        value.text = in.text();
        if (!value.is_whole() && (!value.text.empty() || value.size <= part_bytes))
            throw Error(ErrorCode::protocol, "a message of the cluster has a text of another size than it says");
    }
    void operator()(std::vector<CallId>& values) {
        values.resize(in.count(call_id_bytes));
        for (CallId& value : values) (*this)(value);
    }
    void operator()(std::vector<Hold>& values) {
        values.resize(in.count(least_hold_bytes));
        for (Hold& value : values) {
            (*this)(value.call);
            (*this)(value.name);
        }
    }
};

// The layout of each message, for both directions.

void fields(auto& f, auto& m, const EpochNews*) { f(m.epoch), f(m.nonce), f(m.version); }
void fields(auto& f, auto& m, const Terms*) { f(m.epoch), f(m.text); }
void fields(auto& f, auto& m, const CallOrder*) {
    f(m.epoch), f(m.seq), f(m.number), f(m.name), f(m.sent), f(m.leave_within), f(m.request);
}
void fields(auto& f, auto& m, const Ping*) { f(m.epoch), f(m.seq), f(m.echo), f(m.sent); }
void fields(auto& f, auto& m, const Stored*) { f(m.calls); }
void fields(auto& f, auto& m, const GiveUp*) { f(m.calls); }
void fields(auto& f, auto& m, const Close*) { f(m.epoch); }
void fields(auto& f, auto& m, const OwnBeat*) { f(m.epoch), f(m.nonce), f(m.count); }
void fields(auto& f, auto& m, const Beat*) {
    f(m.instance), f(m.epoch), f(m.count), f(m.seen), f(m.has_terms), f(m.is_leaving), f(m.slots), f(m.elsewhere);
    f(m.host), f(m.version), f(m.holds), f(m.lists_all);
}
void fields(auto& f, auto& m, const Result*) { f(m.instance), f(m.call), f(m.was_sent), f(m.text); }
void fields(auto& f, auto& m, const Objection*) { f(m.instance), f(m.sentence); }
void fields(auto& f, auto& m, const PartRequest*) { f(m.instance), f(m.call), f(m.offset); }
void fields(auto& f, auto& m, const Part*) { f(m.instance), f(m.call), f(m.offset), f(m.text); }

template <class Type>
Message read(FieldReader& in) {
    Type message;
    Getter get{in};
    fields(get, message, static_cast<const Type*>(nullptr));
    in.end();
    return message;
}

template <std::size_t... Kinds>
Message read_kind(std::size_t kind, FieldReader& in, std::index_sequence<Kinds...>) {
    using Read = Message (*)(FieldReader&);
    static constexpr std::array<Read, sizeof...(Kinds)> readers{read<std::variant_alternative_t<Kinds, Message>>...};
    if (kind >= readers.size()) throw Error(ErrorCode::protocol, "a message of the cluster is of an unknown kind");
    return readers[kind](in);
}

void write(std::string& text, const Message& message) {
    FieldWriter out(text);
    out.byte(static_cast<std::uint8_t>(message.index()));
    Putter put{out};
    std::visit([&put](const auto& m) { fields(put, m, &m); }, message);
}

}  // namespace

Parcel::Parcel(std::string_view text_, std::size_t most)
    : size(text_.size()), text(size > most ? std::string_view() : text_) {}

std::string encode(const Message& message) {
    std::string text;
    write(text, message);
    return text;
}

Message decode(std::string_view text) {
    FieldReader in(text);
    const std::size_t kind = in.byte();
    return read_kind(kind, in, std::make_index_sequence<std::variant_size_v<Message>>());
}

void append(std::string& bundle, const Message& message) {
    const std::size_t before = bundle.size();
    FieldWriter(bundle).number(0);
    const std::size_t begin = bundle.size();
    write(bundle, message);
    std::string length;
    FieldWriter(length).number(bundle.size() - begin);
    bundle.replace(before, length.size(), length);
}

std::optional<Message> take_first(std::string_view& bundle) {
    if (bundle.empty()) return std::nullopt;
    FieldReader in(bundle);
    const std::string_view text = in.text();
    bundle = in.rest();
    return decode(text);
}

}  // namespace plait::cluster
