#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace plait::batch::internal {

/// Writes structs in Thrift's compact protocol (thrift-compact-protocol.md of Apache Thrift), which is how Parquet
/// writes its metadata.
class ThriftWriter {
  public:
    explicit ThriftWriter(std::string& out) noexcept : out_(out) {}

    /// A 32-bit field. Fields of a struct are written in ascending order of their ids.
    void field32(int id, std::int32_t value) {
        head(id, type_i32);
        varint(zigzag(value));
    }
    void field64(int id, std::int64_t value) {
        head(id, type_i64);
        varint(zigzag(value));
    }
    void field(int id, std::string_view text) {
        head(id, type_binary);
        string(text);
    }
    /// A field that is a struct: `write` writes its fields.
    template <class Write>
    void structure(int id, Write write) {
        head(id, type_struct);
        element(write);
    }
    /// A field that is a list of `size` structs, which `element` writes afterwards.
    void list_of_structs(int id, std::size_t size) { list(id, type_struct, size); }
    void list_of_i32(int id, std::size_t size) { list(id, type_i32, size); }
    void list_of_strings(int id, std::size_t size) { list(id, type_binary, size); }

    /// Elements of lists.
    void i32(std::int32_t value) { varint(zigzag(value)); }
    void string(std::string_view text) {
        varint(text.size());
        out_ += text;
    }
    template <class Write>
    void element(Write write) {
        const int outer = last_id_;
        last_id_ = 0;
        write();
        end();
        last_id_ = outer;
    }

    /// Ends the struct.
    void end() { out_ += '\0'; }

  private:
    static constexpr unsigned type_i32 = 5, type_i64 = 6, type_binary = 8, type_list = 9, type_struct = 12;

    static std::uint64_t zigzag(std::int64_t value) noexcept {
        return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
    }

    void varint(std::uint64_t value) {
        for (; value >= 0x80; value >>= 7) out_ += static_cast<char>(value | 0x80);
        out_ += static_cast<char>(value);
    }

    /// Ids ascend by less than 16 in all of Parquet's structs.
    void head(int id, unsigned type) {
        out_ += static_cast<char>(static_cast<unsigned>(id - last_id_) << 4 | type);
        last_id_ = id;
    }

    void list(int id, unsigned type, std::size_t size) {
        head(id, type_list);
        if (size < 15) {
            out_ += static_cast<char>(size << 4 | type);
        } else {
            out_ += static_cast<char>(0xf0 | type);
            varint(size);
        }
    }

    std::string& out_;
    int last_id_ = 0;
};

}  // namespace plait::batch::internal
