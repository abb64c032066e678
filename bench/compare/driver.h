// What the drivers of other engines share: reads a recorded order stream, feeds it to an engine several times, times it and writes the reports.
//
//     driver STREAM RUNS REPORTS      one line "seconds" a run on standard output; the last run's reports in the file REPORTS
//
// An Engine is made anew for each run and has place(message), cancel(message), modify(message); it writes its reports through Reports, as
// engine/kernels/matching.py lays them out and in the order that file states. The clock runs while messages are taken and reports are written.
#pragma once


#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <vector>

struct Message {
    uint8_t kind, side, ioc, reserved_0;
    uint32_t quantity;
    int64_t sequence, order_id, price_ticks, reserved_1;
};
static_assert(sizeof(Message) == 40);

enum Kind : uint8_t { NEW = 0, CANCEL = 1, MODIFY = 2 };
enum ReportKind : uint8_t { ORDER_ACK = 0, TRADE = 1, CANCEL_ACK = 2, MODIFY_ACK = 3, CANCEL_REJECT = 4, MODIFY_REJECT = 5 };

struct Report {
    uint8_t kind, side;
    uint16_t reserved_0;
    uint32_t quantity;
    int64_t sequence, order_id, price_ticks, maker_id;
};
static_assert(sizeof(Report) == 40);

// A cursor in memory that was touched before the clock starts.
struct Reports {
    Report* next;

    void tell(ReportKind kind, uint8_t side, int64_t sequence, int64_t order_id, int64_t price_ticks, uint32_t quantity, int64_t maker_id = 0) {
        *next++ = Report{kind, side, 0, quantity, sequence, order_id, price_ticks, maker_id};
    }
};

template <class Engine>
int drive(int argc, char** argv) {
    if (argc != 4) {
        std::fprintf(stderr, "usage: %s STREAM RUNS REPORTS\n", argv[0]);
        return 2;
    }
    std::ifstream file(argv[1], std::ios::binary);
    struct { uint64_t magic; uint32_t version, count; } header{};
    file.read(reinterpret_cast<char*>(&header), sizeof header);
    if (!file || header.magic != 0x4D4542575F303031ULL) {
        std::fprintf(stderr, "%s is not a recorded order stream\n", argv[1]);
        return 1;
    }
    std::vector<Message> messages(header.count);
    file.read(reinterpret_cast<char*>(messages.data()), std::streamsize(messages.size() * sizeof(Message)));
    int64_t last_id = 0;
    for (const Message& message : messages) last_id = message.order_id > last_id ? message.order_id : last_id;

    std::vector<Report> written(messages.size() * 2);  // zeroed, and so touched; the streams yield little more than one report a message
    size_t count = 0;
    for (int run = 0; run < std::atoi(argv[2]); run++) {
        Reports reports{written.data()};
        auto engine = std::make_unique<Engine>(reports, last_id);
        const auto begun = std::chrono::steady_clock::now();
        for (const Message& message : messages) {
            if (message.kind == NEW) engine->place(message);
            else if (message.kind == CANCEL) engine->cancel(message);
            else engine->modify(message);
        }
        const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begun;
        count = size_t(reports.next - written.data());
        std::printf("%.9f\n", taken.count());
    }
    std::ofstream out(argv[3], std::ios::binary);
    out.write(reinterpret_cast<const char*>(written.data()), std::streamsize(count * sizeof(Report)));
    return out ? 0 : 1;
}
