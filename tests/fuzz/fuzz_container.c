/* SPDX-License-Identifier: MIT */
/*
 * The wire layer: header, batches, varints. Relations: batches lie one after another and cover the input without a
 * gap; reading the same bytes again, or with others behind them, gives the same; the two varint readers agree.
 */
#include "fuzz/fuzz.h"
#include "wire/batch.h"
#include "wire/header.h"
#include "wire/spec.h"
#include "wire/varint.h"

static void check_batches(const uint8_t *bytes, size_t len, unsigned version)
{
	size_t at = WIRE_HEADER_BYTES;
	while (at < len) {
		size_t before = at;
		struct wire_batch b, again;
		struct kymo_error err = {0};
		enum kymo_status st = wire_batch_next(bytes, len, &at, version, &b, &err);
		if (st != KYMO_OK) {
			CHECK(st == KYMO_E_DAMAGED && at == before);
			CHECK(err.status == st && err.message[0] && err.offset <= len);
			return;
		}
		CHECK(at > before && at <= len);
		CHECK(b.kind <= WIRE_BATCH_END);
		CHECK(b.len <= WIRE_MAX_BATCH_BYTES);
		if (b.kind == WIRE_BATCH_END) {
			CHECK(at == before + 1 && version >= 26);
			continue;
		}
		CHECK(b.data > bytes + before && b.data + b.len == bytes + at);
		// What lies behind a batch has no part in it.
		size_t twice = before;
		CHECK(wire_batch_next(bytes, at, &twice, version, &again, NULL) == KYMO_OK);
		CHECK(twice == at && again.kind == b.kind && again.experiment == b.experiment &&
		      again.data == b.data);
		CHECK(again.generation == b.generation && again.thread == b.thread &&
		      again.time == b.time && again.len == b.len);
		// One byte less, and it is cut.
		twice = before;
		CHECK(wire_batch_next(bytes, at - 1, &twice, version, &again, NULL) == KYMO_E_DAMAGED);
	}
}

static void check_varints(const uint8_t *bytes, size_t len)
{
	const uint8_t *p = bytes, *end = bytes + len;
	while (p < end) {
		const uint8_t *checked = p, *fast = p;
		uint64_t v;
		bool bad = false;
		bool ok = varint_read(&checked, end, &v);
		if (ok || end - p >= 10) {
			uint64_t w = varint_fast(&fast, &bad);
			CHECK(ok == !bad);
			if (ok)
				CHECK(v == w && checked == fast);
		}
		p = ok ? checked : p + 1;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	check_varints(bytes, len);
	unsigned version;
	struct kymo_error err = {0};
	enum kymo_status st = wire_header_read(bytes, len, &version, &err);
	CHECK(err.status == st);
	if (st == KYMO_OK) {
		CHECK(len >= WIRE_HEADER_BYTES);
		check_batches(bytes, len, version);
	} else {
		CHECK(st == KYMO_E_NOT_TRACE || st == KYMO_E_TOO_OLD || st == KYMO_E_TOO_NEW);
		CHECK(err.message[0]);
	}
	// As every version sees them, whatever the header says.
	if (len > WIRE_HEADER_BYTES) {
		static const unsigned versions[] = {22, 23, 25, 26};
		for (size_t i = 0; i < 4; i++)
			check_batches(bytes, len, versions[i]);
	}
	return 0;
}
