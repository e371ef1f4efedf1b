#include "plait/net/tcp_stream.hpp"

#include "plait/base/error.hpp"
#include "plait/base/unique_fd.hpp"
#include "plait/net/internal/first_connection.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <string>
#include <string_view>
#include <utility>

namespace plait::net {

namespace {

std::string no_descriptor_left() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    return "no descriptor is left of the " + std::to_string(limit.rlim_cur) +
           " that this process may open: raise it with `ulimit -n`, or have fewer calls in flight";
}

/// Why connecting to an address failed, in few words.
std::string connect_reason(int error_number) {
    switch (error_number) {
        case ECONNREFUSED:
            return "refused";
        case ETIMEDOUT:
            return "timed out";
        case ENETUNREACH:
            return "the network is unreachable";
        case EHOSTUNREACH:
            return "the host is unreachable";
        case EADDRNOTAVAIL:
            return "no local port or address is left for it";
        case EMFILE:
            return no_descriptor_left();
        default:
            return system_message(error_number);
    }
}

bool would_wait(int error_number) noexcept { return error_number == EAGAIN || error_number == EWOULDBLOCK; }

void set_option(int fd, int level, int name, int value = 1) noexcept {
    ::setsockopt(fd, level, name, &value, sizeof value);
}

/// Makes the system probe a silent peer, so that a live one may be silent for as long as it likes. A dead peer is found
/// after a minute and a half; a network that fails for a minute is survived.
///
/// TCP_USER_TIMEOUT would find a peer that dies while we send sooner, but would also take a live one with a full buffer
/// for dead. TCP's own retransmissions and the limit of the attempt cover the former.
void ask_silent_peer(int fd) noexcept {
    constexpr int silence_seconds = 30;
    constexpr int pause_seconds = 15;
    constexpr int questions = 4;
    set_option(fd, SOL_SOCKET, SO_KEEPALIVE);
    set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, silence_seconds);
    set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, pause_seconds);
    set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, questions);
}

/// A connected socket, of TCP or, without what TCP has, of Unix.
class TcpStream final : public ByteStream {
  public:
    TcpStream(UniqueFd fd, std::string peer) : descriptor_(std::move(fd)), peer_(std::move(peer)) {
        // Requests and answers are written whole, so holding back the last part gains nothing.
        set_option(descriptor_.fd(), IPPROTO_TCP, TCP_NODELAY);
    }

    std::optional<std::size_t> try_read(std::span<std::byte> bytes) override {
        if (!descriptor_.may_be_readable() && !seen_something_) return std::nullopt;
        if (const int error_number = std::exchange(seen_error_, 0)) {
            seen_something_ = false;
            fail("read from", error_number);
        }
        const ssize_t count = receive(bytes, 0);
        if (count < 0 && !would_wait(errno)) {
            seen_something_ = false;
            fail("read from", errno);
        }
        // Less than asked for means that there is no more: the next read can wait without trying first.
        if (count < static_cast<ssize_t>(bytes.size())) {
            seen_something_ = false;
            descriptor_.set_drained();
        }
        if (count < 0) return std::nullopt;
        return static_cast<std::size_t>(count);
    }

    std::optional<std::size_t> try_write(std::span<const std::byte> bytes) override {
        ssize_t count;
        do {
            count = ::send(descriptor_.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        } while (count < 0 && errno == EINTR);
        if (count >= 0) {
            const auto taken = static_cast<std::size_t>(count);
            if (taken < bytes.size()) descriptor_.set_filled();
            return taken;
        }
        if (!would_wait(errno)) {
            // The peer has closed, and what it said before may have come without the loop's knowing.
            seen_something_ = true;
            fail("write to", errno);
        }
        descriptor_.set_filled();
        return std::nullopt;
    }

    Task<void> readable() override {
        if (!seen_something_) co_await descriptor_.readable();
    }
    Task<void> writable() override { co_await descriptor_.writable(); }

    bool is_quiet() override {
        std::byte next;
        const ssize_t count = receive(std::span(&next, 1), MSG_PEEK);
        // The system reports an error once, so it is kept for the next read.
        if (count < 0 && !would_wait(errno)) seen_error_ = errno;
        seen_something_ = count >= 0 || seen_error_ != 0;
        return !seen_something_;
    }

    bool seems_quiet() override {
        const bool heard_nothing = !seen_something_ && descriptor_.is_watched() && !descriptor_.may_be_readable();
        return heard_nothing || is_quiet();
    }

    void close_write() noexcept override { ::shutdown(descriptor_.fd(), SHUT_WR); }

    void reset_at_close() noexcept override {
        const linger at_once{1, 0};
        ::setsockopt(descriptor_.fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }

  private:
    ssize_t receive(std::span<std::byte> bytes, int flags) const noexcept {
        ssize_t count;
        do {
            count = ::recv(descriptor_.fd(), bytes.data(), bytes.size(), flags);
        } while (count < 0 && errno == EINTR);
        return count;
    }

    [[noreturn]] void fail(std::string_view what, int error_number) const {
        std::string message(what);
        message += " " + peer_ + ": ";
        switch (error_number) {
            case ECONNRESET:
                message += "the peer has reset the connection";
                break;
            case EPIPE:
                message += "the peer has closed the connection";
                break;
            case ETIMEDOUT:
                message += "the peer does not answer any more";
                break;
            default:
                message += system_message(error_number);
        }
        throw Error(ErrorCode::reset, message);
    }

    Descriptor descriptor_;
    std::string peer_;
    // There may be more to read than the loop has reported: a look at the socket found it, or a write failed.
    bool seen_something_ = false;
    int seen_error_ = 0;
};

UniqueFd open_socket(const Address& address) noexcept {
    return UniqueFd(::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

UniqueFd begin_connection(const Address& address) {
    UniqueFd fd = open_socket(address);
    const bool begun =
        fd && (::connect(fd.get(), address.data(), address.size()) == 0 || errno == EINPROGRESS || errno == EINTR);
    if (!begun) throw Error(ErrorCode::connect, connect_reason(errno));
    return fd;
}

int pending_error(int fd) noexcept {
    int error_number = 0;
    socklen_t size = sizeof error_number;
    ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error_number, &size);
    return error_number;
}

Task<std::unique_ptr<ByteStream>> connect_one(Address address, const Endpoint& endpoint) {
    UniqueFd fd = begin_connection(address);
    const int number = fd.get();
    ask_silent_peer(number);
    auto stream = std::make_unique<TcpStream>(std::move(fd), endpoint.to_string());
    co_await stream->writable();
    if (const int error_number = pending_error(number)) {
        throw Error(ErrorCode::connect, connect_reason(error_number));
    }
    co_return std::move(stream);
}

UniqueFd listen_at(const Address& address) {
    const auto fail = [&](const std::string& why) {
        throw Error(ErrorCode::bad_input, "listen at " + address.to_string() + ": " + why);
    };
    UniqueFd fd = open_socket(address);
    if (!fd) fail(connect_reason(errno));
    set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR);
    if (address.family() == AF_INET6) set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY);
    if (::bind(fd.get(), address.data(), address.size()) != 0) {
        fail(errno == EADDRINUSE ? "the port is in use by another program" : system_message(errno));
    }
    if (::listen(fd.get(), SOMAXCONN) != 0) fail(system_message(errno));
    return fd;
}

Address local_address(int fd) {
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size);
    return Address(reinterpret_cast<const sockaddr*>(&storage), size);
}

/// Errors of the connection to be accepted, not of the listener: accept(2) says to try again.
bool concerns_one_connection(int error_number) noexcept {
    switch (error_number) {
        case EINTR:
        case ECONNABORTED:
        case EPROTO:
        case EPERM:
        case ENETDOWN:
        case ENETUNREACH:
        case EHOSTDOWN:
        case EHOSTUNREACH:
        case ENOPROTOOPT:
        case EOPNOTSUPP:
            return true;
        default:
            return false;
    }
}

}  // namespace

Task<std::unique_ptr<ByteStream>> connect_tcp(Endpoint endpoint, std::vector<Address> addresses) {
    return internal::first_connection(std::move(endpoint), interleaved(addresses), connect_one, next_address_delay);
}

Task<std::unique_ptr<ByteStream>> connect_unix(std::string path) {
    const auto fail = [&path](const std::string& why) {
        throw Error(ErrorCode::connect, "connect " + path + ": " + why);
    };
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) fail("the path of a socket is at most 107 bytes long");
    path.copy(address.sun_path, path.size());
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    // A Unix socket connects at once or not at all.
    if (!fd || ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        fail(errno == EAGAIN ? "its queue of connections is full" : connect_reason(errno));
    }
    co_return std::make_unique<TcpStream>(std::move(fd), path);
}

TcpListener::TcpListener(const Address& address)
    : descriptor_(listen_at(address)), address_(local_address(descriptor_.fd())) {}

Task<std::unique_ptr<ByteStream>> TcpListener::accept() {
    for (;;) {
        co_await descriptor_.readable();  // first, so that other tasks run in a storm of connections
        sockaddr_storage peer{};
        socklen_t size = sizeof peer;
        UniqueFd fd(
            ::accept4(descriptor_.fd(), reinterpret_cast<sockaddr*>(&peer), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (fd) {
            const Address address(reinterpret_cast<const sockaddr*>(&peer), size);
            co_return std::make_unique<TcpStream>(std::move(fd), address.to_string());
        }
        if (would_wait(errno)) {
            descriptor_.set_drained();
        } else if (!concerns_one_connection(errno)) {
            throw Error(ErrorCode::connect, "accept at " + address_.to_string() + ": " + connect_reason(errno));
        }
    }
}

}  // namespace plait::net
