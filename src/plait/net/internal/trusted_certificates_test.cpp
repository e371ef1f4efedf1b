#include "plait/net/internal/trusted_certificates.hpp"

#include "plait/base/error.hpp"
#include "plait/net/certificate.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

using namespace plait;
using plait::net::internal::count_certificates;
using plait::net::internal::have_any;
using plait::net::internal::OwnedSslContext;
using plait::net::internal::trust_system;
using plait::net::internal::TrustPlaces;

namespace {

/// A folder that is deleted after the test.
class Folder {
  public:
    Folder() : path_(std::filesystem::temp_directory_path() / ("plait_trust_test_" + std::to_string(::getpid()))) {
        std::filesystem::create_directories(path_ / "folder");
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() { std::filesystem::remove_all(path_); }

    std::string operator/(const char* name) const { return path_ / name; }
    void write(const char* name, const std::string& text) const { std::ofstream(path_ / name) << text; }

  private:
    std::filesystem::path path_;
};

std::string certificate() {
    return net::make_certificate(net::CertificateOptions(std::vector<std::string>{"authority"})).certificate;
}

/// How many certificates were read, or the error. Those of folders are read when they are needed.
std::string outcome_of(const TrustPlaces& places) {
    const OwnedSslContext context(::SSL_CTX_new(::TLS_client_method()));
    try {
        trust_system(context.get(), places);
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::tls);
        return error.what();
    }
    const auto* objects = ::X509_STORE_get0_objects(::SSL_CTX_get_cert_store(context.get()));
    return std::to_string(sk_X509_OBJECT_num(objects)) + " read";
}

}  // namespace

TEST_CASE("the usual file of trusted certificates is read, and no other") {
    const Folder folder;
    folder.write("usual.pem", certificate() + certificate());
    folder.write("other.pem", certificate());
    CHECK(outcome_of({folder / "usual.pem", {folder / "folder"}, {folder / "other.pem"}}) == "2 read");
}

TEST_CASE("a folder of trusted certificates will do") {
    const Folder folder;
    folder.write("folder/5ad8a5d6.0", certificate());
    folder.write("other.pem", certificate());
    CHECK(outcome_of({folder / "none.pem", {folder / "none", folder / "folder"}, {folder / "other.pem"}}) == "0 read");
}

TEST_CASE("where the usual places are empty, those of other distributions are tried in turn") {
    const Folder folder;
    folder.write("usual.pem", "");
    folder.write("folder/README", "no certificate");
    folder.write("not-pem", "?");
    folder.write("other.pem", certificate());
    CHECK(outcome_of({folder / "usual.pem",
                      {folder / "folder"},
                      {folder / "none", folder / "not-pem", folder / "other.pem"}}) == "1 read");
}

TEST_CASE("whether there is anything to trust can be asked without reading it") {
    const Folder folder;
    folder.write("empty.pem", "");
    CHECK_FALSE(have_any({folder / "empty.pem", {folder / "folder"}, {folder / "none.pem"}}));
    folder.write("other.pem", certificate());
    CHECK(have_any({folder / "empty.pem", {folder / "folder"}, {folder / "none.pem", folder / "other.pem"}}));
    folder.write("folder/5ad8a5d6.0", certificate());
    CHECK(have_any({folder / "empty.pem", {folder / "folder"}}));
}

TEST_CASE("on a machine without trusted certificates, the error names the places searched, and the remedy") {
    CHECK(outcome_of({"/none/cert.pem", {"/none/certs"}, {"/none/bundle.pem"}}) ==
          "this machine has no trusted certificates (looked for in /none/cert.pem, /none/certs, /none/bundle.pem): "
          "install the package ca-certificates, or name a file with --cacert");
}

TEST_CASE("certificates are counted in the first place that has any") {
    const Folder folder;
    const TrustPlaces places{folder / "a.pem", {folder / "folder"}, {folder / "b.pem"}};
    CHECK(count_certificates(places).certificates == 0);
    CHECK(count_certificates(places).place ==
          (folder / "a.pem") + ", " + (folder / "folder") + ", " + (folder / "b.pem"));
    folder.write("b.pem", certificate() + certificate());
    CHECK(count_certificates(places).certificates == 2);
    CHECK(count_certificates(places).place == folder / "b.pem");
    folder.write("folder/0123abcd.0", certificate());
    folder.write("folder/README", "");
    CHECK(count_certificates(places).certificates == 1);
    CHECK(count_certificates(places).place == folder / "folder");
    folder.write("a.pem", "# comment\n" + certificate());
    CHECK(count_certificates(places).place == folder / "a.pem");
}
