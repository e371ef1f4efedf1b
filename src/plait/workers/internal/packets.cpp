#include "plait/workers/internal/packets.hpp"

#include "plait/base/assert.hpp"
#include "plait/base/error.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace plait::internal {

namespace {

// One system call each way below this; a socket's buffer takes some three of them.
constexpr std::size_t largest_body_in_packet = 64 * 1024;

[[noreturn]] void fail(const char* what) {
    throw Error(ErrorCode::storage, std::string("talk to a worker process: ") + what + ": " + system_message(errno));
}

/// Room for the control message that carries one descriptor.
union DescriptorSlot {
    cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int))];
};

/// A file in memory that holds `bytes` and can't be changed any more.
UniqueFd sealed_file(std::string_view bytes) {
    UniqueFd file(::memfd_create("plait-message", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!file) fail("memfd_create");
    while (!bytes.empty()) {
        const auto written = ::write(file.get(), bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) fail("write to memory");
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    if (::fcntl(file.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0)
        fail("seal memory");
    return file;
}

/// A program that was started with standard input closed gets that number for its next file; a socket keeps off it.
UniqueFd above_standard(UniqueFd fd) {
    if (fd.get() > STDERR_FILENO) return fd;
    UniqueFd higher(::fcntl(fd.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
    if (!higher) fail("duplicate a socket");
    return higher;
}

}  // namespace

std::pair<UniqueFd, UniqueFd> packet_sockets() {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) fail("socketpair");
    return {above_standard(UniqueFd(ends[0])), above_standard(UniqueFd(ends[1]))};
}

bool send_packet(int socket, std::string_view head, std::string_view body, int attached) {
    iovec parts[2] = {{const_cast<char*>(head.data()), head.size()}, {const_cast<char*>(body.data()), body.size()}};
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = 2;
    DescriptorSlot slot{};
    if (attached >= 0) {
        message.msg_control = slot.bytes;
        message.msg_controllen = sizeof slot.bytes;
        cmsghdr* const descriptor = CMSG_FIRSTHDR(&message);
        descriptor->cmsg_level = SOL_SOCKET;
        descriptor->cmsg_type = SCM_RIGHTS;
        descriptor->cmsg_len = CMSG_LEN(sizeof attached);
        std::memcpy(CMSG_DATA(descriptor), &attached, sizeof attached);
    }
    while (::sendmsg(socket, &message, MSG_NOSIGNAL) < 0) {
        if (errno == EINTR) continue;
        if (errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN) return false;
        fail("sendmsg");
    }
    return true;
}

bool send_message(int socket, std::string_view head, std::string_view body) {
    if (body.size() <= largest_body_in_packet) return send_packet(socket, head, body);
    const UniqueFd file = sealed_file(body);
    return send_packet(socket, head, {}, file.get());
}

PacketReader::PacketReader() : buffer_(std::make_unique_for_overwrite<char[]>(largest_body_in_packet)) {}

Received PacketReader::receive_packet(int socket, char* head, std::size_t head_size, UniqueFd& attached) {
    iovec parts[2] = {{head, head_size}, {buffer_.get(), largest_body_in_packet}};
    DescriptorSlot slot{};
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = 2;
    message.msg_control = slot.bytes;
    message.msg_controllen = sizeof slot.bytes;
    ssize_t got;
    while ((got = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC)) < 0) {
        if (errno == EINTR) continue;
        if (errno == EAGAIN) return Received::nothing_yet;
        if (errno == ECONNRESET) return Received::end;
        fail("recvmsg");
    }
    if (got == 0) return Received::end;
    PLAIT_ASSERT(static_cast<std::size_t>(got) >= head_size && !(message.msg_flags & MSG_TRUNC),
                 "both ends of a socket are the same program");
    body_ = {buffer_.get(), static_cast<std::size_t>(got) - head_size};
    if (const cmsghdr* const descriptor = CMSG_FIRSTHDR(&message)) {
        int fd;
        std::memcpy(&fd, CMSG_DATA(descriptor), sizeof fd);
        attached = UniqueFd(fd);
    }
    return Received::message;
}

std::string PacketReader::read_whole(const UniqueFd& file) {
    struct stat status;
    if (::fstat(file.get(), &status) != 0) fail("fstat");
    std::string bytes(static_cast<std::size_t>(status.st_size), '\0');
    for (std::size_t have = 0; have < bytes.size();) {
        const auto got = ::pread(file.get(), bytes.data() + have, bytes.size() - have, static_cast<off_t>(have));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) fail("read from memory");
        have += static_cast<std::size_t>(got);
    }
    return bytes;
}

}  // namespace plait::internal
