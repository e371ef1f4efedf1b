#include "plait/net/internal/client_context.hpp"

#include "plait/base/error.hpp"
#include "plait/net/internal/client_certificate.hpp"
#include "plait/net/internal/openssl_stream.hpp"
#include "plait/net/internal/trusted_certificates.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <tuple>
#include <utility>
#include <vector>

namespace plait::net::internal {

namespace {

/// What changes when somebody replaces a file or writes to it.
using FileStamp = std::tuple<dev_t, ino_t, off_t, time_t, long>;

FileStamp stamp_of(const std::string& path) {
    struct stat status {};
    if (path.empty() || ::stat(path.c_str(), &status) != 0) return {};
    return {status.st_dev, status.st_ino, status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec};
}

/// The settings of a context, and the state of their files when it was made.
struct ContextKey {
    explicit ContextKey(const TlsOptions& options_)
        : options(options_),
          stamps{stamp_of(options.ca_file), stamp_of(options.certificate_file), stamp_of(options.key_file)} {}

    TlsOptions options;
    std::array<FileStamp, 3> stamps;

    friend bool operator==(const ContextKey&, const ContextKey&) = default;
};

/// The contexts of this process, newest last.
class ContextTable {
  public:
    std::shared_ptr<const ClientContext> get(const TlsOptions& options) {
        ContextKey key(options);
        // Held while a context is made: others that want the same one shall wait for it, not make it, too.
        const std::lock_guard lock(mutex_);
        const auto known =
            std::find_if(made_.begin(), made_.end(), [&](const auto& made) { return made.first == key; });
        if (known != made_.end()) return known->second;
        auto context = std::make_shared<const ClientContext>(options);
        if (made_.size() == most) made_.erase(made_.begin());
        made_.emplace_back(std::move(key), context);
        return context;
    }

  private:
    /// Programs have one or two. A dropped context lives on where it is used.
    static constexpr std::size_t most = 8;

    std::mutex mutex_;
    std::vector<std::pair<ContextKey, std::shared_ptr<const ClientContext>>> made_;
};

void trust(SSL_CTX* context, const std::string& ca_file) {
    if (ca_file.empty()) return trust_system(context, system_trust_places());
    if (::SSL_CTX_load_verify_file(context, ca_file.c_str()) != 1) {
        throw Error(ErrorCode::bad_input, "read trusted certificates from " + ca_file + ": " + take_openssl_reason() +
                                              "; --cacert takes a PEM file");
    }
    // Every certificate in the file is trusted, whether or not it is the root of a chain.
    ::X509_VERIFY_PARAM_set_flags(::SSL_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN);
}

}  // namespace

OwnedSslContext make_context(const SSL_METHOD* method) {
    OwnedSslContext context(::SSL_CTX_new(method));
    check_openssl(context != nullptr, "prepare TLS");
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    SSL_CTX_set_mode(context.get(),
                     SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    ::SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION);
    // One read of the inner stream takes all that is there, instead of five bytes and then the rest of a record.
    ::SSL_CTX_set_read_ahead(context.get(), 1);
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
    return context;
}

std::string alpn_list(const std::vector<std::string>& protocols) {
    std::string list;
    for (const std::string& protocol : protocols) {
        list += static_cast<char>(protocol.size());
        list += protocol;
    }
    return list;
}

ClientContext::ClientContext(const TlsOptions& options) : context_(make_context(::TLS_client_method())) {
    // OpenSSL's own table would keep one session of a server, and only in order.
    SSL_CTX_set_session_cache_mode(context_.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    ::SSL_CTX_sess_set_new_cb(context_.get(), OpenSslStream::on_new_session);
    if (!options.protocols.empty()) {
        const std::string list = alpn_list(options.protocols);
        ::SSL_CTX_set_alpn_protos(context_.get(), reinterpret_cast<const unsigned char*>(list.data()),
                                  static_cast<unsigned>(list.size()));
    }
    if (!options.certificate_file.empty()) {
        use_client_certificate(context_.get(), options.certificate_file, options.key_file);
    }
    if (!options.verify) return;
    ::SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, OpenSslStream::on_verified);
    trust(context_.get(), options.ca_file);
}

std::shared_ptr<const ClientContext> shared_client_context(const TlsOptions& options) {
    // Never destroyed: OpenSSL frees its own state at exit, perhaps before a destructor here would run.
    static ContextTable* const table = new ContextTable;
    return table->get(options);
}

}  // namespace plait::net::internal
