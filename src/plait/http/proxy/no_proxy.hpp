#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace plait::http {

/// The hosts to which connections go without a proxy: NO_PROXY, `--noproxy`.
///
/// Programs read such lists differently. This is what users of any of them expect:
///
/// - entries are separated by commas and blanks;
/// - `example.com`, `.example.com` and `*.example.com` all mean that name and every name below it, at a dot only:
///   `www.example.com`, but not `notexample.com`; case and a final dot make no difference;
/// - `*` alone means every host;
/// - an address such as `127.0.0.1` or `::1`, or a network such as `10.0.0.0/8`, means URLs with such an address as
///   their host; names are not looked up for it. Brackets around an IPv6 address are optional;
/// - each may be followed by `:PORT`, and then holds for that port only; an IPv6 address then needs its brackets.
///
/// Nothing else is direct: `localhost` and 127.0.0.1 are not, unless the list says so. An entry that is none of these
/// never matches.
class NoProxy {
  public:
    NoProxy() {}
    explicit NoProxy(std::string_view list);

    bool empty() const noexcept { return entries_.empty(); }

    /// Returns the first entry that covers the host, as it stands in the list. `host` is a name in lower case, or an
    /// address without brackets.
    std::optional<std::string_view> match(std::string_view host, std::uint16_t port) const;

    /// The entries that are none of these, as they stand in the list. Valid as long as this.
    std::vector<std::string_view> unusable() const;

  private:
    /// A network: the first `bits` bits of an address of 4 or 16 bytes.
    struct Network {
        std::string bytes;
        unsigned bits;
    };
    struct Entry {
        std::string text;
        std::string name{};  ///< `*`: every host; empty: a network, or nothing
        std::optional<Network> network{};
        std::optional<std::uint16_t> port{};
    };

    static Entry parse(std::string_view text);
    static std::optional<Network> parse_network(std::string_view text);
    static bool covers(const Network& network, std::string_view address);

    std::vector<Entry> entries_;
};

}  // namespace plait::http
