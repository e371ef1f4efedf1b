#include "plait/batch/call/netrc_file.hpp"

#include "plait/base/error.hpp"
#include "plait/base/read_file.hpp"
#include "plait/http/login/netrc.hpp"

#include <sys/stat.h>

namespace plait::batch {

void read_netrc(http::CredentialTable& table, const std::string& path) {
    constexpr std::size_t largest = 1024 * 1024;
    const std::string text = read_file(path, largest);
    struct stat status {};
    if (::stat(path.c_str(), &status) == 0 && (status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        throw_bad_input(path + " holds passwords, and others than you may read it: chmod 600 " + path);
    try {
        http::add_netrc(table, text);
    } catch (const Error& error) {
        throw_bad_input(path + ", " + error.what());
    }
}

}  // namespace plait::batch
