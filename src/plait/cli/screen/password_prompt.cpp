#include "plait/cli/screen/password_prompt.hpp"

#include "plait/base/error.hpp"
#include "plait/base/unique_fd.hpp"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

namespace plait::cli {

namespace {

/// Switches off that a terminal shows what is typed, for as long as it lives.
class HiddenTyping {
  public:
    explicit HiddenTyping(int terminal) : terminal_(terminal) {
        ::tcgetattr(terminal_, &before_);
        termios hidden = before_;
        hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        ::tcsetattr(terminal_, TCSAFLUSH, &hidden);
    }
    HiddenTyping(const HiddenTyping&) = delete;
    HiddenTyping& operator=(const HiddenTyping&) = delete;
    ~HiddenTyping() { ::tcsetattr(terminal_, TCSAFLUSH, &before_); }

  private:
    int terminal_;
    termios before_{};
};

void write_text(int terminal, std::string_view text) {
    if (::write(terminal, text.data(), text.size()) < 0)
        throw_bad_input("write to the terminal: " + system_message(errno));
}

}  // namespace

std::string ask_for_password(const std::string& what) {
    // Not standard input, which may be the requests.
    const UniqueFd terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
    if (!terminal)
        throw_bad_input("there is no terminal to ask for the password of " + what +
                        ": write it after the name and a colon, as NAME:{{env.VARIABLE}} or NAME:{{file.PATH}}");
    std::string password;
    {
        const HiddenTyping hidden(terminal.get());  // before the prompt, which invites to type
        write_text(terminal.get(), "password of " + what + ": ");
        for (char c = 0; ::read(terminal.get(), &c, 1) == 1 && c != '\n';) password += c;
    }
    write_text(terminal.get(), "\n");
    if (password.empty()) throw_bad_input("no password was given for " + what);
    return password;
}

}  // namespace plait::cli
