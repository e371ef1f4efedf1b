#include "plait/workers/internal/packets.hpp"

#include "plait/base/assert.hpp"
#include "plait/base/error.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace plait::internal {

namespace {

[[noreturn]] void fail(const char* what) {
    throw Error(ErrorCode::storage, std::string("talk to a worker process: ") + what + ": " + system_message(errno));
}

/// Room for the control message that carries one descriptor.
union DescriptorSlot {
    cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int))];
};

/// A program that was started with standard input closed gets that number for its next file; a socket must not take it.
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

bool send_message(int socket, std::string_view head, const Payload& body) {
    return send_packet(socket, head, body.few(), body.file().get());
}

PacketReader::PacketReader() : buffer_(std::make_unique_for_overwrite<char[]>(most_bytes_in_packet)) {}

Received PacketReader::receive_packet(int socket, char* head, std::size_t head_size, UniqueFd& attached) {
    iovec parts[2] = {{head, head_size}, {buffer_.get(), most_bytes_in_packet}};
    DescriptorSlot slot{};
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = 2;
    message.msg_control = slot.bytes;
    message.msg_controllen = sizeof slot.bytes;
    ssize_t got;
    bool was_reset = false;
    while ((got = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC)) < 0) {
        if (errno == EINTR) continue;
        if (errno == EAGAIN) return Received::nothing_yet;
        if (errno != ECONNRESET) fail("recvmsg");
        // If the peer ended with unread data, the kernel reports that once, ahead of what the peer had sent.
        if (std::exchange(was_reset, true)) return Received::end;
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

}  // namespace plait::internal
