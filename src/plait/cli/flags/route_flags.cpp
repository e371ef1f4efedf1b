#include "plait/cli/flags/route_flags.hpp"

#include "plait/base/error.hpp"
#include "plait/batch/call/netrc_file.hpp"
#include "plait/batch/requests/secret_expander.hpp"
#include "plait/cli/flags/session_flags.hpp"
#include "plait/cli/screen/password_prompt.hpp"
#include "plait/http/message/url.hpp"

#include <fmt/format.h>
#include <sys/un.h>

#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

namespace plait::cli {

namespace {

http::Proxy parse_proxy(const std::string& value, batch::Secrets& secrets) {
    http::Proxy proxy(value);
    if (!proxy.credentials) return proxy;
    proxy.credentials->user = batch::with_secrets(proxy.credentials->user, &secrets);
    proxy.credentials->password = batch::with_secrets(proxy.credentials->password, &secrets);
    return proxy;
}

std::string usual_netrc() {
    const char* const home = std::getenv("HOME");
    if (!home || !*home) throw_bad_input("HOME is not set, so that there is no ~/.netrc: use --netrc-file");
    return std::string(home) + "/.netrc";
}

/// The origin of all URLs among the arguments; empty: there are none, or several.
std::string common_origin(const std::vector<std::string>& inputs) {
    std::string origin;
    for (const std::string& input : inputs) {
        if (!input.starts_with("http://") && !input.starts_with("https://")) return {};
        const std::string next(http::Url(input).origin());
        if (!origin.empty() && origin != next) return {};
        origin = next;
    }
    return origin;
}

/// A socket that is not there yet may be made by a server that starts later.
void check_socket(const std::string& path) {
    if (path.empty()) throw_bad_input("the path is empty");
    if (path.size() >= sizeof(sockaddr_un::sun_path))
        throw_bad_input(fmt::format("{} has {} bytes, and the path of a socket at most {}", path, path.size(),
                                    sizeof(sockaddr_un::sun_path) - 1));
    std::error_code error;
    const auto type = std::filesystem::status(path, error).type();
    if (type != std::filesystem::file_type::not_found && type != std::filesystem::file_type::none &&
        type != std::filesystem::file_type::socket)
        throw_bad_input(fmt::format("{} is not a socket", path));
}

void read_netrc(http::CredentialTable& table, const LoginChoice& choice) {
    const bool is_usual = choice.netrc_flag == "--netrc";
    std::error_code error;
    if (!std::filesystem::exists(choice.netrc, error))
        throw_bad_input(fmt::format("{}: {}: no such file{}", choice.netrc_flag, choice.netrc,
                                    is_usual ? "; --netrc-file reads another file" : ""));
    batch::read_netrc(table, choice.netrc);
    if (table.empty())
        warn(fmt::format("{}: {} has no entry with both a login and a password, so that no call has one",
                         choice.netrc_flag, choice.netrc));
}

/// An answer that repeats what was sent must not bring the password into the results.
void hide(const http::Credentials& credentials, batch::Secrets& secrets) {
    secrets.add("password", credentials.password);
    secrets.add("authorization", http::basic_authorization(credentials).substr(std::string_view("Basic ").size()));
}

}  // namespace

http::ProxySettings ProxyChoice::settle() const {
    http::ProxySettings settings;
    if (proxy) {
        // Variables that are not used need not be right.
        settings.for_http = {*proxy, "--proxy"};
        settings.for_https = settings.for_http;
        const auto only_no_proxy = [](std::string_view name) {
            const bool is_read = name == "no_proxy" || name == "NO_PROXY";
            return is_read ? batch::process_environment(name) : std::nullopt;
        };
        settings.no_proxy = http::proxies_from(only_no_proxy).no_proxy;
    } else {
        settings = http::proxies_from(batch::process_environment);
    }
    if (no_proxy) settings.no_proxy = {*no_proxy, "--noproxy"};
    return settings;
}

std::vector<Flag> proxy_flags(ProxyChoice& choice, batch::Secrets& secrets) {
    return under(
        headings::connection,
        {
            {"--proxy", "URL",
             "Make connections through this proxy: [KIND://][USER:PASSWORD@]HOST[:PORT]. KIND is http (the default), "
             "https, socks5, or socks5h, which looks names up itself. Write {{env.NAME}} or {{file.PATH}} for a "
             "secret. Default: http_proxy, https_proxy and all_proxy of the environment (docs/proxies.md).",
             [&choice, &secrets](const std::string& value) { choice.proxy = parse_proxy(value, secrets); }},
            {"--noproxy", "LIST",
             "Connect without a proxy to these hosts and the names below them, to addresses such as 10.0.0.0/8, or "
             "with '*' to every host. Default: no_proxy of the environment.",
             [&choice](const std::string& value) { choice.no_proxy.emplace(value); }},
        });
}

std::vector<Flag> address_flags(http::Routes& routes) {
    return under(
        headings::connection,
        {
            Flag("--resolve", "HOST:PORT:ADDRESS,...",
                 "Connect to these addresses for this host and port, instead of looking the name up.",
                 [&routes](const std::string& value) { routes.resolve.emplace_back(value); })
                .repeatable(),
            Flag("--connect-to", "HOST1:PORT1:HOST2:PORT2",
                 "Connect to HOST2:PORT2 for HOST1:PORT1. URL, Host header and the name in the certificate stay the "
                 "same. An empty HOST1 or PORT1 means all, an empty HOST2 or PORT2 the same.",
                 [&routes](const std::string& value) { routes.connect_to.emplace_back(value); })
                .repeatable(),
            {"--unix-socket", "PATH", "Make all connections to this Unix socket, without a proxy.",
             [&routes](const std::string& value) {
                 check_socket(value);
                 routes.unix_socket = value;
             }},
        });
}

std::shared_ptr<const http::CredentialTable> LoginChoice::settle(const std::string& base_url,
                                                                 const std::vector<std::string>& inputs,
                                                                 batch::Secrets& secrets) const {
    auto table = std::make_shared<http::CredentialTable>();
    if (!netrc.empty()) read_netrc(*table, *this);
    if (!user.empty()) {
        const std::string origin = base_url.empty() ? common_origin(inputs) : std::string(http::Url(base_url).origin());
        if (origin.empty())
            throw_bad_input(
                "--user: the password must not go to every host that lines name: say for which with --base-url, or use "
                "--netrc");
        table->add_origin(origin,
                          http::Credentials(user, password ? *password : ask_for_password(user + " at " + origin)));
    }
    if (table->empty()) return nullptr;
    for (const http::Credentials* const credentials : table->all()) {
        if (credentials->user.find(':') != std::string::npos)
            throw_bad_input(fmt::format("{}: the user {} can't be sent: a colon ends the name in Basic authentication",
                                        netrc_flag, credentials->user));
        hide(*credentials, secrets);
    }
    return table;
}

std::vector<Flag> login_flags(LoginChoice& choice, batch::Secrets& secrets) {
    return under(
        headings::connection,
        {
            {"--user", "NAME[:PASSWORD]",
             "Send this user and password (Basic authentication) to the origin of --base-url or --url, or to that of "
             "all URLs given as arguments. Without PASSWORD, ask for it. Write {{env.NAME}} or {{file.PATH}} for a "
             "secret: other users of the machine can see the arguments of a command.",
             [&choice, &secrets](const std::string& value) {
                 const auto colon = value.find(':');
                 choice.user = value.substr(0, colon);
                 if (choice.user.empty()) throw_bad_input("a user has a name: NAME:PASSWORD");
                 choice.password.reset();
                 if (colon == std::string::npos) return;
                 const std::string text = value.substr(colon + 1);
                 choice.password = batch::with_secrets(text, &secrets);
                 choice.is_password_visible = *choice.password == text && !text.empty();
             }},
            {"--netrc", "",
             "Take users and passwords for hosts from ~/.netrc, which only you may read. A redirect to a host that "
             "is in it is sent with the password of that host.",
             [&choice](const std::string&) {
                 choice.netrc = usual_netrc();
                 choice.netrc_flag = "--netrc";
             }},
            {"--netrc-file", "FILE", "Like --netrc, but with this file.",
             [&choice](const std::string& value) {
                 choice.netrc = value;
                 choice.netrc_flag = "--netrc-file";
             }},
        });
}

}  // namespace plait::cli
