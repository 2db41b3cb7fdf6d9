// A server on this machine to download from; download_server.py says what it can do.
#pragma once

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

#include "tests/support/variable.h"

namespace support {

/// The server is a process of its own, which ends when its standard input does.
class DownloadServer {
 public:
  explicit DownloadServer(const std::filesystem::path& folder, const std::string& certificate = "") {
    int to_server[2], from_server[2];
    // Another server that held an end of ours would keep this one from ending.
    if (pipe2(to_server, O_CLOEXEC) != 0 || pipe2(from_server, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    const auto python = std::string(std::getenv("OPSIS_PYTHON"));
    const auto script = std::string(std::getenv("OPSIS_SOURCE_DIR")) + "/tests/support/download_server.py";
    child_ = fork();
    if (child_ == 0) {
      dup2(to_server[0], 0);
      dup2(from_server[1], 1);
      execl(python.c_str(), python.c_str(), "-B", script.c_str(), folder.c_str(),
            certificate.empty() ? nullptr : certificate.c_str(), nullptr);
      _exit(127);
    }
    close(to_server[0]);
    close(from_server[1]);
    stdin_ = to_server[1];
    std::string port;
    for (char c = 0; read(from_server[0], &c, 1) == 1 && c != '\n';) port += c;
    close(from_server[0]);
    if (port.empty()) throw std::runtime_error("the server did not start");
    base_ = (certificate.empty() ? "http://127.0.0.1:" : "https://127.0.0.1:") + port;
  }
  ~DownloadServer() {
    close(stdin_);
    waitpid(child_, nullptr, 0);
  }
  DownloadServer(const DownloadServer&) = delete;
  DownloadServer& operator=(const DownloadServer&) = delete;

  std::string url(const std::string& path) const { return base_ + path; }

 private:
  pid_t child_;
  int stdin_;
  std::string base_;
};

}  // namespace support
