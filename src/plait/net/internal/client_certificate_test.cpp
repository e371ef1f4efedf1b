#include "plait/net/internal/client_certificate.hpp"

#include "plait/base/error.hpp"
#include "plait/net/certificate.hpp"

#include <doctest/doctest.h>
#include <openssl/pem.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

using namespace plait;
using plait::net::Certificate;
using plait::net::internal::OwnedBio;
using plait::net::internal::OwnedKey;
using plait::net::internal::OwnedSslContext;
using plait::net::internal::read_from;
using plait::net::internal::use_client_certificate;
using plait::net::internal::written_to;

namespace {

/// A file that is deleted after the test.
class File {
  public:
    File(const std::string& name, const std::string& text)
        : path_(std::filesystem::temp_directory_path() / ("plait_cert_test_" + std::to_string(::getpid()) + name)) {
        std::ofstream(path_) << text;
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    ~File() { std::filesystem::remove(path_); }
    std::string path() const { return path_; }

  private:
    std::filesystem::path path_;
};

Certificate certificate() { return net::make_certificate(net::CertificateOptions(std::vector<std::string>{"client"})); }

std::string encrypted(const std::string& key_text) {
    const OwnedKey key(::PEM_read_bio_PrivateKey(read_from(key_text).get(), nullptr, nullptr, nullptr));
    const OwnedBio text(::BIO_new(::BIO_s_mem()));
    std::string password = "secret";
    REQUIRE(::PEM_write_bio_PrivateKey(text.get(), key.get(), ::EVP_aes_256_cbc(),
                                       reinterpret_cast<unsigned char*>(password.data()),
                                       static_cast<int>(password.size()), nullptr, nullptr) == 1);
    return written_to(text.get());
}

std::string outcome_of(const std::string& certificate_file, const std::string& key_file) {
    const OwnedSslContext context(::SSL_CTX_new(::TLS_client_method()));
    try {
        use_client_certificate(context.get(), certificate_file, key_file);
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::bad_input);
        return error.what();
    }
    return ::SSL_CTX_check_private_key(context.get()) == 1 ? "used" : "not used";
}

}  // namespace

TEST_CASE("a client certificate and its key are read from two files or from one") {
    const Certificate client = certificate();
    const File certificate_file("c", client.certificate);
    const File key_file("k", client.private_key);
    const File both("b", client.private_key + client.certificate);
    CHECK(outcome_of(certificate_file.path(), key_file.path()) == "used");
    CHECK(outcome_of(both.path(), "") == "used");
}

TEST_CASE("a client certificate that can't be used is an error that says why") {
    const Certificate client = certificate();
    const File certificate_file("c", client.certificate);
    const File key_file("k", client.private_key);
    const File other_key("o", certificate().private_key);
    const File encrypted_key("e", encrypted(client.private_key));
    const std::string c = certificate_file.path();
    CHECK(outcome_of("/none", key_file.path()) == "read the client certificate from /none: No such file or directory");
    CHECK(outcome_of(c, "/none") == "read the private key from /none: No such file or directory");
    CHECK(outcome_of(key_file.path(), "") ==
          "there is no certificate in " + key_file.path() + ", but a private key: it belongs to --key");
    CHECK(outcome_of(c, "") == "there is no private key in " + c + ": name its file with --key");
    CHECK(outcome_of(c, c) == "there is no private key in " + c + ": --key takes a PEM file");
    CHECK(outcome_of(c, other_key.path()) ==
          "the private key in " + other_key.path() + " does not belong to the certificate in " + c +
              ": the certificate must be the first one in its file, and the key the one it was made for");
    const File der("d", std::string("\x30\x82\x01\x0a\x30\x82\x01\x0b\x02\x01\x02", 11));
    const File pkcs12("p", std::string("\x30\x82\x01\x0a\x02\x01\x03\x30\x82\x01\x0b", 11));
    CHECK(outcome_of(der.path(), "") == "there is no certificate in " + der.path() +
                                            ": --cert takes a PEM file; make one with `openssl x509 -in " + der.path() +
                                            " -out NEW`");
    CHECK(outcome_of(c, der.path()).ends_with("with `openssl pkey -in " + der.path() + " -out NEW`"));
    CHECK(outcome_of(pkcs12.path(), "").ends_with("with `openssl pkcs12 -nodes -in " + pkcs12.path() + " -out NEW`"));
    const std::string e = encrypted_key.path();
    CHECK(outcome_of(c, e) ==
          "the private key in " + e +
              " is encrypted, and plait asks for no passphrase: decrypt it with `openssl pkey -in " + e +
              " -out NEW`, and keep NEW readable for you only");
}
