#include "plait/batch/table/internal/thrift_writer.hpp"
#include "plait/batch/table/table_writer.hpp"

#include <bit>
#include <cstdint>
#include <cstring>

// The format: github.com/apache/parquet-format, README.md, Encodings.md and parquet.thrift (version 2.9).
namespace plait::batch {

namespace {

using internal::ThriftWriter;

constexpr std::string_view magic = "PAR1";

/// A row group is written when its values reach this size.
constexpr std::size_t group_bytes = 8 * 1024 * 1024;

// Enumerations of parquet.thrift.
constexpr std::int32_t boolean_type = 0, int64_type = 2, double_type = 5, byte_array_type = 6;
constexpr std::int32_t required = 0, optional = 1;
constexpr std::int32_t utf8 = 0;
constexpr std::int32_t plain_encoding = 0, rle_encoding = 3;
constexpr std::int32_t uncompressed = 0;
constexpr std::int32_t data_page = 0;

std::int32_t physical_type(ColumnType type) {
    switch (type) {
        case ColumnType::text:
            return byte_array_type;
        case ColumnType::integer:
            return int64_type;
        case ColumnType::number:
            return double_type;
        case ColumnType::truth:
            return boolean_type;
    }
    return byte_array_type;
}

/// Appends a number in little-endian order.
template <class Unsigned>
void append_bytes(std::string& out, Unsigned value) {
    for (std::size_t i = 0; i < sizeof(value); ++i) out += static_cast<char>(value >> (8 * i) & 0xff);
}

/// Bits, the first in the lowest place of the first byte.
class Bits {
  public:
    void add(bool bit) {
        if (count_ % 8 == 0) bytes_ += '\0';
        if (bit) bytes_.back() = static_cast<char>(static_cast<unsigned char>(bytes_.back()) | 1u << count_ % 8);
        ++count_;
    }
    const std::string& bytes() const noexcept { return bytes_; }
    void clear() noexcept {
        bytes_.clear();
        count_ = 0;
    }

  private:
    std::string bytes_;
    std::size_t count_ = 0;
};

/// The values of one column in one row group.
class Chunk {
  public:
    explicit Chunk(const Column& column) : column_(column) {}

    /// Returns the number of bytes added.
    std::size_t add(const Cell& cell) {
        if (column_.may_be_missing) present_.add(!cell.is_missing);
        if (cell.is_missing) return 0;
        const std::size_t before = values_.size();
        switch (column_.type) {
            case ColumnType::text:
                append_bytes(values_, static_cast<std::uint32_t>(cell.text.size()));
                values_ += cell.text;
                break;
            case ColumnType::integer:
                append_bytes(values_, static_cast<std::uint64_t>(cell.integer));
                break;
            case ColumnType::number:
                append_bytes(values_, std::bit_cast<std::uint64_t>(cell.number));
                break;
            case ColumnType::truth:
                truths_.add(cell.truth);
        }
        return values_.size() - before;
    }

    /// Writes the chunk as one page, and forgets its values.
    void write(OutputFile& output, std::size_t rows) {
        offset_ = output.size();
        const std::string levels = column_.may_be_missing ? levels_of_missing() : std::string();
        const std::string& values = column_.type == ColumnType::truth ? truths_.bytes() : values_;
        const auto page_size = static_cast<std::int32_t>(levels.size() + values.size());
        std::string head;
        ThriftWriter thrift(head);
        thrift.field32(1, data_page);
        thrift.field32(2, page_size);
        thrift.field32(3, page_size);
        thrift.structure(5, [&] {
            thrift.field32(1, static_cast<std::int32_t>(rows));
            thrift.field32(2, plain_encoding);
            thrift.field32(3, rle_encoding);
            thrift.field32(4, rle_encoding);
        });
        thrift.end();
        output.write(head);
        output.write(levels);
        output.write(values);
        size_ = output.size() - offset_;
        values_.clear();
        truths_.clear();
        present_.clear();
    }

    std::uint64_t size() const noexcept { return size_; }

    /// Writes the metadata of the chunk that was written last.
    void describe(ThriftWriter& thrift, std::size_t rows) const {
        thrift.field64(2, static_cast<std::int64_t>(offset_));
        thrift.structure(3, [&] {
            thrift.field32(1, physical_type(column_.type));
            thrift.list_of_i32(2, 2);
            thrift.i32(plain_encoding);
            thrift.i32(rle_encoding);
            thrift.list_of_strings(3, 1);
            thrift.string(column_.name);
            thrift.field32(4, uncompressed);
            thrift.field64(5, static_cast<std::int64_t>(rows));
            thrift.field64(6, static_cast<std::int64_t>(size_));
            thrift.field64(7, static_cast<std::int64_t>(size_));
            thrift.field64(9, static_cast<std::int64_t>(offset_));
        });
    }

  private:
    /// The definition levels, 0 or 1: one bit-packed run, with its length in front.
    std::string levels_of_missing() const {
        const std::string& bits = present_.bytes();
        std::string run;
        for (std::uint64_t header = bits.size() << 1 | 1; header > 0; header >>= 7)
            run += static_cast<char>((header & 0x7f) | (header > 0x7f ? 0x80 : 0));
        run += bits;
        std::string levels;
        append_bytes(levels, static_cast<std::uint32_t>(run.size()));
        return levels + run;
    }

    const Column& column_;
    std::string values_;
    Bits truths_;
    Bits present_;
    std::uint64_t offset_ = 0;
    std::uint64_t size_ = 0;
};

class ParquetWriter final : public TableWriter {
  public:
    ParquetWriter(OutputFile& output, const std::vector<Column>& columns) : output_(output), columns_(columns) {
        chunks_.reserve(columns_.size());
        for (const Column& column : columns_) chunks_.emplace_back(column);
        output_.write(magic);
    }

    void add(std::span<const Cell> row) override {
        for (std::size_t i = 0; i < row.size(); ++i) bytes_ += chunks_[i].add(row[i]);
        ++rows_;
        if (bytes_ >= group_bytes) write_group();
    }

    void finish() override {
        if (rows_ > 0) write_group();
        std::string footer;
        ThriftWriter thrift(footer);
        thrift.field32(1, 1);  // the version of the format
        write_schema(thrift);
        thrift.field64(3, static_cast<std::int64_t>(all_rows_));
        thrift.list_of_structs(4, group_count_);
        footer += groups_;
        thrift.field(6, "plait");
        thrift.end();
        append_bytes(footer, static_cast<std::uint32_t>(footer.size()));
        footer += magic;
        output_.write(footer);
    }

  private:
    void write_group() {
        std::uint64_t size = 0;
        for (Chunk& chunk : chunks_) {
            chunk.write(output_, rows_);
            size += chunk.size();
        }
        ThriftWriter thrift(groups_);
        thrift.list_of_structs(1, chunks_.size());
        for (const Chunk& chunk : chunks_) thrift.element([&] { chunk.describe(thrift, rows_); });
        thrift.field64(2, static_cast<std::int64_t>(size));
        thrift.field64(3, static_cast<std::int64_t>(rows_));
        thrift.end();
        ++group_count_;
        all_rows_ += rows_;
        rows_ = bytes_ = 0;
    }

    void write_schema(ThriftWriter& thrift) const {
        thrift.list_of_structs(2, columns_.size() + 1);
        thrift.element([&] {
            thrift.field(4, "results");
            thrift.field32(5, static_cast<std::int32_t>(columns_.size()));
        });
        for (const Column& column : columns_) {
            thrift.element([&] {
                thrift.field32(1, physical_type(column.type));
                thrift.field32(3, column.may_be_missing ? optional : required);
                thrift.field(4, column.name);
                if (column.type != ColumnType::text) return;
                thrift.field32(6, utf8);
                thrift.structure(10, [&] { thrift.structure(1, [] {}); });
            });
        }
    }

    OutputFile& output_;
    const std::vector<Column>& columns_;
    std::vector<Chunk> chunks_;
    std::size_t rows_ = 0;   // in the row group
    std::size_t bytes_ = 0;  // of its values
    std::uint64_t all_rows_ = 0;
    std::string groups_;  // the metadata of the row groups
    std::size_t group_count_ = 0;
};

}  // namespace

std::unique_ptr<TableWriter> parquet_writer(OutputFile& output, const std::vector<Column>& columns) {
    return std::make_unique<ParquetWriter>(output, columns);
}

}  // namespace plait::batch
