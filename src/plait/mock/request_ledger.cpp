#include "plait/mock/request_ledger.hpp"

#include "plait/base/error.hpp"
#include "plait/mock/internal/fault_table.hpp"
#include "plait/mock/internal/random.hpp"
#include "plait/mock/internal/request_rate.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <new>
#include <span>
#include <type_traits>

namespace plait::mock {

struct RequestLedger::Entry {
    std::uint64_t hash;
    std::uint64_t text_at;
    std::uint32_t text_size;
    std::uint32_t drawn;
    IdStatistics counts;
};

namespace {

/// Room for the texts of ids: bytes per id, on average. Ids without room are counted, and listed without their text.
constexpr std::size_t text_bytes_per_id = 48;

using internal::hash_of;

struct Totals {
    MockStatistics statistics;
    internal::RequestRate rate;
    std::array<std::uint64_t, internal::fault_rows> struck{};
    std::size_t text_used = 0;
};
static_assert(std::is_trivially_copyable_v<Totals>, "it lies in memory that processes share");

}  // namespace

/// One mapping: totals, lines in order of arrival, a hash table (open addressing) of their numbers, texts of ids.
class RequestLedger::Memory {
  public:
    explicit Memory(std::size_t most_ids)
        : most_ids_(std::max<std::size_t>(most_ids, 1)), slots_(std::bit_ceil(2 * most_ids_)) {
        const std::size_t lines = sizeof(Totals) + most_ids_ * sizeof(Entry);
        const std::size_t table = slots_ * sizeof(std::uint32_t);
        text_bytes_ = most_ids_ * text_bytes_per_id;
        size_ = lines + table + text_bytes_;
        void* memory =
            ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (memory == MAP_FAILED) {
            throw Error(ErrorCode::storage, "make room to count " + std::to_string(most_ids_) +
                                                " ids: " + system_message(errno) + "; count fewer");
        }
        bytes_ = static_cast<std::byte*>(memory);
        totals_ = new (bytes_) Totals;
        entries_ = reinterpret_cast<Entry*>(bytes_ + sizeof(Totals));
        table_ = reinterpret_cast<std::uint32_t*>(bytes_ + lines);
        texts_ = reinterpret_cast<char*>(bytes_ + lines + table);
    }
    Memory(const Memory&) = delete;
    Memory& operator=(const Memory&) = delete;
    ~Memory() { ::munmap(bytes_, size_); }

    Totals& totals() const noexcept { return *totals_; }
    std::span<Entry> entries() const noexcept { return {entries_, totals_->statistics.ids}; }

    Entry* find(std::uint64_t hash) const noexcept {
        const std::uint32_t number = *slot_of(hash);
        return number == 0 ? nullptr : &entries_[number - 1];
    }

    Entry* add(std::uint64_t hash, std::string_view id) noexcept {
        std::uint64_t& count = totals_->statistics.ids;
        if (count == most_ids_) return nullptr;
        Entry& entry = entries_[count];
        entry = Entry{hash, totals_->text_used, 0, 0, {}};
        if (id.size() <= text_bytes_ - totals_->text_used) {
            std::copy(id.begin(), id.end(), texts_ + totals_->text_used);
            entry.text_size = static_cast<std::uint32_t>(id.size());
            totals_->text_used += id.size();
        }
        *slot_of(hash) = static_cast<std::uint32_t>(++count);
        return &entry;
    }

    std::string_view text_of(const Entry& entry) const noexcept { return {texts_ + entry.text_at, entry.text_size}; }

  private:
    /// Returns the entry with the number of the line with this hash, plus one; or a free entry.
    std::uint32_t* slot_of(std::uint64_t hash) const noexcept {
        std::size_t slot = hash & (slots_ - 1);
        while (table_[slot] != 0 && entries_[table_[slot] - 1].hash != hash) slot = (slot + 1) & (slots_ - 1);
        return &table_[slot];
    }

    const std::size_t most_ids_;
    const std::size_t slots_;
    std::size_t text_bytes_;
    std::size_t size_;
    std::byte* bytes_;
    Totals* totals_;
    Entry* entries_;
    std::uint32_t* table_;
    char* texts_;
};

RequestLedger::RequestLedger(std::size_t most_ids) : memory_(std::make_unique<Memory>(most_ids)) {}
RequestLedger::~RequestLedger() = default;

RequestLedger::Entry* RequestLedger::line_of(std::string_view id) {
    const std::uint64_t hash = hash_of(id);
    Entry* const known = memory_->find(hash);
    return known ? known : memory_->add(hash, id);
}

std::uint32_t RequestLedger::next_number(Entry* entry) noexcept {
    // Ids over the limit are numbered together.
    return entry ? entry->drawn++ : static_cast<std::uint32_t>(memory_->totals().statistics.untracked);
}

void RequestLedger::connected() noexcept { ++memory_->totals().statistics.connections; }

void RequestLedger::connection_refused() noexcept { ++memory_->totals().statistics.connections_refused; }

void RequestLedger::came(Entry* entry, TimePoint when) noexcept {
    Totals& totals = memory_->totals();
    MockStatistics& all = totals.statistics;
    ++all.requests;
    all.most_in_flight = std::max(all.most_in_flight, ++all.in_flight);
    totals.rate.count(when);
    if (!entry) {
        ++all.untracked;
        return;
    }
    IdStatistics& one = entry->counts;
    if (++one.came - one.refused == 2) ++all.ids_more_than_once;
    one.most_in_flight = std::max(one.most_in_flight, ++one.in_flight);
}

void RequestLedger::answered(Entry* entry) noexcept {
    ++memory_->totals().statistics.answered;
    if (entry) ++entry->counts.answered;
}

void RequestLedger::refused(Entry* entry) noexcept {
    MockStatistics& all = memory_->totals().statistics;
    ++all.refused;
    if (!entry) return;
    IdStatistics& one = entry->counts;
    if (one.came - ++one.refused == 1) --all.ids_more_than_once;
}

void RequestLedger::left(Entry* entry) noexcept {
    --memory_->totals().statistics.in_flight;
    if (entry) --entry->counts.in_flight;
}

void RequestLedger::struck(std::size_t fault) noexcept { ++memory_->totals().struck[fault]; }

void RequestLedger::returned() noexcept {
    MockStatistics& all = memory_->totals().statistics;
    ++all.crashes;
    all.in_flight = 0;
    for (Entry& entry : memory_->entries()) entry.counts.in_flight = 0;
}

MockStatistics RequestLedger::statistics() const noexcept {
    MockStatistics result = memory_->totals().statistics;
    result.most_in_a_second = memory_->totals().rate.most_in_a_second();
    return result;
}

std::uint64_t RequestLedger::times_struck(std::size_t fault) const noexcept { return memory_->totals().struck[fault]; }

IdStatistics RequestLedger::statistics_of(std::string_view id) const {
    const Entry* const entry = memory_->find(hash_of(id));
    return entry ? entry->counts : IdStatistics();
}

void RequestLedger::for_each(const std::function<void(std::string_view id, const IdStatistics&)>& visit) const {
    for (const Entry& entry : memory_->entries()) visit(memory_->text_of(entry), entry.counts);
}

}  // namespace plait::mock
