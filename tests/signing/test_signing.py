"""Spark messages: what one Vault signs, another verifies, and nothing that was changed on the way passes."""

import base64
import math
import shutil
import string
import subprocess
import traceback
from dataclasses import FrozenInstanceError
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from random import Random

import orjson
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.signing import (
    MAX_ITEMS,
    SIGNATURE_V1,
    SIGNATURE_V2,
    SIGNED_HEADERS,
    IssuedCertificate,
    Signer,
    SigningKeyUnreadable,
    Verdict,
    Verifier,
    canonical_headers,
    iso_ms,
    issue_certificate,
    signature_headers,
    spark_body,
)

NOW = datetime(2026, 1, 31, 12, 0, 0, 123_000, tzinfo=UTC)
START = datetime(2025, 1, 1, tzinfo=UTC)
END = datetime(2028, 1, 1, tzinfo=UTC)
URL = "https://clinical.example.com/api/v25.1/spark?queue=inbound__c"
CRM, MEDICAL = "1001", "1002"
MESSAGE_ID = "0b7f7f1e-65a6-4b0a-8f0f-0d9d6f0a1c11"
MILLISECOND = timedelta(milliseconds=1)

BODY = spark_body(
    vault_name="Köln CRM",
    vault_host_name="crm.example.com",
    queue_name="medical_inquiry_outbound__v",
    enter_queue_timestamp=NOW - timedelta(seconds=5),
    send_message_timestamp=NOW,
    send_attempt=1,
    message_id=MESSAGE_ID,
    attributes={
        "object": "medical_inquiry__v",
        "integration_point": "inquiry__v",
        "weight": 1.5,
        "hot": True,
    },
    items=["V0A000000001001", "V0A000000001002"],
)


@pytest.fixture(scope="session")
def certificate() -> IssuedCertificate:
    return issue_certificate("00001", START, END)


@pytest.fixture(scope="session")
def successor() -> IssuedCertificate:
    return issue_certificate("00002", START + timedelta(days=365), END + timedelta(days=365))


@pytest.fixture(scope="session")
def signer(certificate: IssuedCertificate) -> Signer:
    return Signer(certificate.private_key_pem)


@pytest.fixture(scope="session")
def verifier(certificate: IssuedCertificate) -> Verifier:
    return Verifier({"00001": certificate.certificate_pem})


@pytest.fixture(scope="session")
def signed(signer: Signer) -> dict[str, str]:
    """The headers of a good message from CRM: `BODY`, sent at `NOW` to `URL`."""
    return signer.sign(BODY, claims(), URL)


def claims(**other: str) -> dict[str, str]:
    """The nine headers of a message from CRM, some of them replaced by their last word, such as `VaultId`."""
    headers = signature_headers(
        certificate_id="00001",
        execution_id="execution-7",
        message_id=MESSAGE_ID,
        now=NOW,
        url=URL,
        vault_id=CRM,
    )
    return headers | {f"X-VaultAPISignature-{word}": value for word, value in other.items()}


def refusal(verdict: Verdict) -> str:
    assert not verdict.valid
    assert verdict.reason.endswith(".")
    return verdict.reason


def openssl(*arguments: str, stdin: bytes = b"") -> bytes:
    program = shutil.which("openssl")
    if program is None:
        pytest.fail("these tests check signatures a second time with the openssl command line: install openssl")
    done = subprocess.run([program, *arguments], input=stdin, capture_output=True, check=False)
    assert done.returncode == 0, f"openssl {arguments[0]}: {done.stdout.decode()} {done.stderr.decode()}"
    return done.stdout


def documented_bytes() -> bytes:
    """What V1 signs, written out by hand from the Spark facts."""
    lines = (
        "x-vaultapisignature-certificateid:00001\n"
        "x-vaultapisignature-executionid:execution-7\n"
        "x-vaultapisignature-requestdatetime:2026-01-31T12:00:00.123Z\n"
        f"x-vaultapisignature-requestid:{MESSAGE_ID}\n"
        "x-vaultapisignature-requestnotafter:2026-01-31T12:05:00.123Z\n"
        "x-vaultapisignature-requestnotbefore:2026-01-31T11:59:00.123Z\n"
        "x-vaultapisignature-requesttype:spark_message\n"
        f"x-vaultapisignature-url:{URL}\n"
        "x-vaultapisignature-vaultid:1001\n"
    )
    return lines.encode() + BODY


# --- certificates -----


def test_a_signing_certificate_is_a_self_signed_rsa_2048_certificate_that_says_it_is_from_a_lab(
    certificate: IssuedCertificate,
) -> None:
    found = x509.load_pem_x509_certificate(certificate.certificate_pem.encode())
    key = found.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    assert key.key_size == 2048
    found.verify_directly_issued_by(found)
    assert found.subject.rfc4514_string() == ("CN=Vault Spark Signing 00001,O=Lab certificate\\, not for real Vaults")
    assert (found.not_valid_before_utc, found.not_valid_after_utc) == (START, END)
    assert (certificate.certificate_id, certificate.not_before, certificate.not_after) == (
        "00001",
        START,
        END,
    )


def test_openssl_accepts_the_certificate_and_the_private_key_belongs_to_it(
    certificate: IssuedCertificate, tmp_path: Path
) -> None:
    pem = tmp_path / "00001.pem"
    pem.write_text(certificate.certificate_pem)
    openssl("verify", "-no_check_time", "-CAfile", str(pem), str(pem))
    assert openssl("x509", "-in", str(pem), "-noout", "-pubkey") == openssl(
        "pkey", "-pubout", stdin=certificate.private_key_pem
    )


def test_a_certificates_times_are_told_in_whole_seconds_and_utc(certificate: IssuedCertificate) -> None:
    berlin = timezone(timedelta(hours=1))
    issued = issue_certificate("lab_1-a", datetime(2026, 1, 1, 1, 0, 0, 999_999, tzinfo=berlin), END)
    assert issued.not_before == START + timedelta(days=365)
    assert issued.not_before.utcoffset() == timedelta(0)
    assert certificate.not_after.utcoffset() == timedelta(0)


def test_an_issued_certificate_does_not_show_its_private_key(certificate: IssuedCertificate) -> None:
    assert "PRIVATE" not in repr(certificate)
    with pytest.raises(FrozenInstanceError):
        certificate.certificate_id = "00009"  # type: ignore[misc]


@pytest.mark.parametrize("certificate_id", ["", "0" * 21, "00 01", "00001\n", "../1", "ü"])
def test_a_certificate_is_not_issued_under_an_unusable_id(certificate_id: str) -> None:
    with pytest.raises(ValueError, match="certificate id"):
        issue_certificate(certificate_id, START, END)


def test_a_certificate_is_not_issued_for_an_empty_time_or_a_time_without_zone() -> None:
    with pytest.raises(ValueError, match="end after it starts"):
        issue_certificate("00001", START, START)
    with pytest.raises(ValueError, match="time zone"):
        issue_certificate("00001", START.replace(tzinfo=None), END)


# --- the message -----


def test_the_body_has_the_documented_keys() -> None:
    assert orjson.loads(BODY) == {
        "vault_name": "Köln CRM",
        "vault_host_name": "crm.example.com",
        "queue_name": "medical_inquiry_outbound__v",
        "enter_queue_timestamp": "2026-01-31T11:59:55.123Z",
        "send_message_timestamp": "2026-01-31T12:00:00.123Z",
        "send_attempt": 1,
        "message_id": MESSAGE_ID,
        "message": {
            "attributes": {
                "object": "medical_inquiry__v",
                "integration_point": "inquiry__v",
                "weight": 1.5,
                "hot": True,
            },
            "items": ["V0A000000001001", "V0A000000001002"],
        },
    }


def a_body(*, send_attempt: int = 1, weight: float = 1.0, items: int = 0, at: datetime = NOW) -> bytes:
    return spark_body(
        vault_name="CRM",
        vault_host_name="crm.example.com",
        queue_name="q__c",
        enter_queue_timestamp=at,
        send_message_timestamp=NOW,
        send_attempt=send_attempt,
        message_id=MESSAGE_ID,
        attributes={"weight": weight},
        items=["V0A"] * items,
    )


def test_a_message_carries_500_items_and_not_one_more() -> None:
    assert len(orjson.loads(a_body(items=500))["message"]["items"]) == 500
    with pytest.raises(ValueError, match="500"):
        a_body(items=MAX_ITEMS + 1)


def test_a_body_that_cannot_be_true_is_not_written() -> None:
    with pytest.raises(ValueError, match="count from 1"):
        a_body(send_attempt=0)
    with pytest.raises(ValueError, match="finite"):
        a_body(weight=math.nan)
    with pytest.raises(ValueError, match="time zone"):
        a_body(at=NOW.replace(tzinfo=None))


def test_times_are_written_in_utc_with_milliseconds() -> None:
    assert iso_ms(datetime(2026, 1, 31, 13, 0, 0, 5_999, tzinfo=timezone(timedelta(hours=1)))) == (
        "2026-01-31T12:00:00.005Z"
    )
    with pytest.raises(ValueError, match="time zone"):
        iso_ms(NOW.replace(tzinfo=None))


def test_a_message_carries_the_nine_documented_headers() -> None:
    assert claims() == {
        "X-VaultAPISignature-CertificateId": "00001",
        "X-VaultAPISignature-ExecutionId": "execution-7",
        "X-VaultAPISignature-RequestId": MESSAGE_ID,
        "X-VaultAPISignature-RequestDateTime": "2026-01-31T12:00:00.123Z",
        "X-VaultAPISignature-RequestNotBefore": "2026-01-31T11:59:00.123Z",
        "X-VaultAPISignature-RequestNotAfter": "2026-01-31T12:05:00.123Z",
        "X-VaultAPISignature-RequestType": "spark_message",
        "X-VaultAPISignature-URL": URL,
        "X-VaultAPISignature-VaultId": "1001",
    }
    assert tuple(claims()) == SIGNED_HEADERS


# --- canonical headers -----


def test_canonical_headers_are_sorted_lower_case_and_trimmed_and_leave_others_out() -> None:
    headers = {
        "X-VaultAPISignature-VaultId": " \t1001  ",
        "Content-Type": "application/json",
        "x-VAULTapisignature-CertificateId": "00001",
        SIGNATURE_V1: "abc",
        "X-VaultAPISignature-Added": "Grün: ja",
    }
    assert (
        canonical_headers(headers)
        == (
            "x-vaultapisignature-added:Grün: ja\n"
            "x-vaultapisignature-certificateid:00001\n"
            "x-vaultapisignature-vaultid:1001\n"
        ).encode()
    )


@pytest.mark.parametrize(
    "headers",
    [
        {"X-VaultAPISignature-A": "1", "x-vaultapisignature-a": "1"},
        {"X-VaultAPISignature-A": "1\nx-vaultapisignature-b:2"},
        {"X-VaultAPISignature-A": "1\r"},
        {"X-VaultAPISignature-A:1\nx-vaultapisignature-b": "2"},
        {"X-VaultAPISignature-A:b": "c"},
    ],
)
def test_headers_that_could_be_read_in_two_ways_are_not_signed_and_not_accepted(
    headers: dict[str, str], signer: Signer, verifier: Verifier, signed: dict[str, str]
) -> None:
    with pytest.raises(ValueError, match="header"):
        canonical_headers(headers)
    with pytest.raises(ValueError, match="header"):
        signer.sign(BODY, headers, URL)
    assert not verifier.verify(BODY, signed | headers, URL, NOW).valid


# --- signatures -----


def test_a_signed_message_is_accepted_by_the_other_vault(verifier: Verifier, signed: dict[str, str]) -> None:
    verdict = verifier.verify(BODY, signed, URL, NOW, expected_vault_id=CRM)
    assert verdict == Verdict(valid=True, certificate_id="00001", reason="Both signatures match.")


def test_openssl_verifies_both_signatures_over_the_documented_bytes(
    certificate: IssuedCertificate, signed: dict[str, str], tmp_path: Path
) -> None:
    public_key = tmp_path / "public.pem"
    public_key.write_bytes(openssl("x509", "-noout", "-pubkey", stdin=certificate.certificate_pem.encode()))
    expected = {SIGNATURE_V1: documented_bytes(), SIGNATURE_V2: documented_bytes() + b"\n" + URL.encode()}
    for name, data in expected.items():
        signature = tmp_path / name
        signature.write_bytes(base64.b64decode(signed[name]))
        answer = openssl("dgst", "-sha256", "-verify", str(public_key), "-signature", str(signature), stdin=data)
        assert answer.strip() == b"Verified OK"


def test_a_message_signed_by_openssl_is_accepted(
    certificate: IssuedCertificate, verifier: Verifier, tmp_path: Path
) -> None:
    key = tmp_path / "key.pem"
    key.write_bytes(certificate.private_key_pem)
    headers = claims()
    for name, data in (
        (SIGNATURE_V1, documented_bytes()),
        (SIGNATURE_V2, documented_bytes() + b"\n" + URL.encode()),
    ):
        signature = openssl("dgst", "-sha256", "-sign", str(key), stdin=data)
        headers[name] = base64.b64encode(signature).decode()
    assert verifier.verify(BODY, headers, URL, NOW).valid


def test_signing_again_replaces_the_old_signatures_and_leaves_other_headers_alone(
    signer: Signer, verifier: Verifier, signed: dict[str, str]
) -> None:
    old = {name.upper(): value for name, value in signed.items()} | {"Content-Type": "application/json"}
    again = signer.sign(b"another body", old, URL)
    assert again["Content-Type"] == "application/json"
    assert len(again) == len(signed) + 1
    assert verifier.verify(b"another body", again, URL, NOW).valid


@settings(deadline=None)
@given(
    body=st.binary(max_size=200),
    execution_id=st.text(st.characters(min_codepoint=33, exclude_categories=["Cs", "Cc"]), min_size=1),
    path=st.text(string.ascii_letters + "/%${}.=&?", max_size=40),
    offset=st.integers(min_value=-60_000, max_value=300_000),
)
def test_whatever_is_signed_is_accepted_within_its_time_window(
    signer: Signer, verifier: Verifier, body: bytes, execution_id: str, path: str, offset: int
) -> None:
    url = URL + path
    headers = signer.sign(body, claims(ExecutionId=execution_id, URL=url), url)
    assert verifier.verify(body, headers, url, NOW + offset * MILLISECOND).valid


def recased(name: str, upper: list[bool]) -> str:
    return "".join(c.upper() if up else c.lower() for c, up in zip(name, upper, strict=False))


@settings(deadline=None)
@given(
    upper=st.lists(st.booleans(), min_size=40, max_size=40),
    before=st.text(" \t", max_size=3),
    after=st.text(" \t", max_size=3),
    order=st.randoms(use_true_random=False),
)
def test_case_order_and_blanks_around_a_header_do_not_matter(
    verifier: Verifier,
    signed: dict[str, str],
    upper: list[bool],
    before: str,
    after: str,
    order: Random,
) -> None:
    received = [(recased(name, upper), before + value + after) for name, value in signed.items()]
    order.shuffle(received)
    assert verifier.verify(BODY, dict(received), URL, NOW, expected_vault_id=CRM).valid


# --- nothing changed passes -----


@settings(deadline=None)
@given(data=st.data())
def test_any_changed_byte_of_the_body_is_refused(
    verifier: Verifier, signed: dict[str, str], data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(BODY) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != BODY[at]))
    changed = BODY[:at] + bytes([byte]) + BODY[at + 1 :]
    assert "V1" in refusal(verifier.verify(changed, signed, URL, NOW))


@settings(deadline=None)
@given(data=st.data())
def test_any_added_or_dropped_byte_of_the_body_is_refused(
    verifier: Verifier, signed: dict[str, str], data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(BODY) - 1))
    longer = BODY[:at] + data.draw(st.binary(min_size=1, max_size=3)) + BODY[at:]
    for changed in (longer, BODY[:at] + BODY[at + 1 :]):
        assert "V1" in refusal(verifier.verify(changed, signed, URL, NOW))


def test_a_body_written_again_by_another_json_writer_is_refused(verifier: Verifier, signed: dict[str, str]) -> None:
    again = orjson.dumps(orjson.loads(BODY), option=orjson.OPT_INDENT_2)
    assert "V1" in refusal(verifier.verify(again, signed, URL, NOW))


@settings(deadline=None, max_examples=300)
@given(data=st.data())
def test_any_changed_character_of_a_header_is_refused(
    verifier: Verifier, signed: dict[str, str], data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(sorted(signed)))
    value = signed[name]
    at = data.draw(st.integers(0, len(value) - 1))
    character = data.draw(st.characters().filter(lambda found: found != value[at]))
    changed = value[:at] + character + value[at + 1 :]
    refusal(verifier.verify(BODY, signed | {name: changed}, URL, NOW))


def test_the_unused_bits_at_the_end_of_a_signature_cannot_be_changed_either(
    verifier: Verifier, signed: dict[str, str]
) -> None:
    alphabet = string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/"
    for name in (SIGNATURE_V1, SIGNATURE_V2):
        value = signed[name]
        assert value.endswith("==")
        twin = value[:-3] + alphabet[alphabet.index(value[-3]) ^ 1] + "=="
        assert base64.b64decode(twin) == base64.b64decode(value)
        refusal(verifier.verify(BODY, signed | {name: twin}, URL, NOW))


@settings(deadline=None)
@given(data=st.data())
def test_any_changed_character_of_the_url_is_refused(
    verifier: Verifier, signed: dict[str, str], data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(URL) - 1))
    character = data.draw(st.characters().filter(lambda found: found != URL[at]))
    refusal(verifier.verify(BODY, signed, URL[:at] + character + URL[at + 1 :], NOW))


def test_an_added_signed_header_is_refused_and_an_added_other_header_is_not(
    verifier: Verifier, signed: dict[str, str]
) -> None:
    assert "V1" in refusal(verifier.verify(BODY, signed | {"X-VaultAPISignature-More": "1"}, URL, NOW))
    assert verifier.verify(BODY, signed | {"X-Forwarded-For": "10.0.0.1"}, URL, NOW).valid


def test_a_header_cannot_be_moved_into_the_body(verifier: Verifier, signed: dict[str, str]) -> None:
    """H and the body follow each other without a mark between, so the signed bytes would not show it."""
    moved = {name: value for name, value in signed.items() if name != "X-VaultAPISignature-VaultId"}
    body = b"x-vaultapisignature-vaultid:1001\n" + BODY
    assert canonical_headers(moved) + body == canonical_headers(signed) + BODY
    assert refusal(verifier.verify(body, moved, URL, NOW)) == ("The header X-VaultAPISignature-VaultId is missing.")


# --- every refusal, in its own words -----


@pytest.mark.parametrize("name", [*SIGNED_HEADERS, SIGNATURE_V1, SIGNATURE_V2])
def test_a_missing_or_empty_header_is_named(verifier: Verifier, signed: dict[str, str], name: str) -> None:
    without = {key: value for key, value in signed.items() if key != name}
    for headers in (without, without | {name: "  "}):
        assert refusal(verifier.verify(BODY, headers, URL, NOW)) == f"The header {name} is missing."


def test_a_message_that_claims_no_certificate_has_a_verdict_without_one(verifier: Verifier) -> None:
    assert verifier.verify(BODY, {}, URL, NOW).certificate_id is None


@pytest.mark.parametrize("name", [SIGNED_HEADERS[0], SIGNATURE_V1, SIGNATURE_V2])
def test_a_header_given_twice_is_refused(verifier: Verifier, signed: dict[str, str], name: str) -> None:
    twice = signed | {name.upper(): signed[name]}
    assert "is given twice" in refusal(verifier.verify(BODY, twice, URL, NOW))


def test_an_unknown_certificate_is_refused(verifier: Verifier, signer: Signer) -> None:
    headers = signer.sign(BODY, claims(CertificateId="00009"), URL)
    verdict = verifier.verify(BODY, headers, URL, NOW)
    assert refusal(verdict) == "The certificate 00009 is not known here."
    assert verdict.certificate_id == "00009"


def test_a_certificate_counts_from_its_first_to_its_last_second(signer: Signer, verifier: Verifier) -> None:
    def judged(moment: datetime) -> Verdict:
        headers = signature_headers(
            certificate_id="00001", execution_id="e", message_id=MESSAGE_ID, now=moment, url=URL, vault_id=CRM
        )
        return verifier.verify(BODY, signer.sign(BODY, headers, URL), URL, moment)

    assert judged(START).valid
    assert judged(END).valid
    assert refusal(judged(START - MILLISECOND)) == (
        "The certificate 00001 is not valid before 2025-01-01T00:00:00.000Z."
    )
    assert refusal(judged(END + MILLISECOND)) == "The certificate 00001 expired on 2028-01-01T00:00:00.000Z."


@pytest.mark.parametrize(
    ("late", "accepted"),
    [
        (timedelta(seconds=-60), True),
        (timedelta(seconds=-60) - MILLISECOND, False),
        (timedelta(seconds=300), True),
        (timedelta(seconds=300) + MILLISECOND, False),
    ],
)
def test_a_request_counts_from_60_seconds_before_to_300_seconds_after_it_was_made(
    verifier: Verifier, signed: dict[str, str], late: timedelta, accepted: bool
) -> None:
    verdict = verifier.verify(BODY, signed, URL, NOW + late)
    assert verdict.valid is accepted
    assert ("outside of its time window" in verdict.reason) is not accepted


@pytest.mark.parametrize("word", ["RequestDateTime", "RequestNotBefore", "RequestNotAfter"])
@pytest.mark.parametrize("value", ["soon", "2026-01-31T12:00:00", "0001-01-01T00:00:00+23:00"])
def test_a_time_that_is_none_is_named(signer: Signer, verifier: Verifier, word: str, value: str) -> None:
    headers = signer.sign(BODY, claims(**{word: value}), URL)
    assert refusal(verifier.verify(BODY, headers, URL, NOW)) == (
        f"The header X-VaultAPISignature-{word} holds no time with a time zone."
    )


def test_a_message_signed_with_another_key_is_refused(successor: IssuedCertificate, verifier: Verifier) -> None:
    headers = Signer(successor.private_key_pem).sign(BODY, claims(), URL)
    assert "V1 signature does not match" in refusal(verifier.verify(BODY, headers, URL, NOW))


@pytest.mark.parametrize("signature", ["AAAA", "%%%", "ümlaut", "\ud800"])
def test_what_is_no_signature_does_not_match(verifier: Verifier, signed: dict[str, str], signature: str) -> None:
    first = verifier.verify(BODY, signed | {SIGNATURE_V1: signature}, URL, NOW)
    assert "V1 signature does not match" in refusal(first)
    second = verifier.verify(BODY, signed | {SIGNATURE_V2: signature}, URL, NOW)
    assert "V2 signature does not match" in refusal(second)


def test_the_two_signatures_cannot_stand_for_each_other(verifier: Verifier, signed: dict[str, str]) -> None:
    assert "V2" in refusal(verifier.verify(BODY, signed | {SIGNATURE_V2: signed[SIGNATURE_V1]}, URL, NOW))
    assert "V1" in refusal(verifier.verify(BODY, signed | {SIGNATURE_V1: signed[SIGNATURE_V2]}, URL, NOW))


def test_a_message_for_another_url_is_refused_without_showing_the_url(
    verifier: Verifier, signed: dict[str, str]
) -> None:
    reached = "https://elsewhere.example.com/?session=SECRET-SESSION"
    reason = refusal(verifier.verify(BODY, signed, reached, NOW))
    assert reason == "The V2 signature does not match: the message was not signed for the URL it reached."


def test_a_message_from_another_vault_than_the_connections_is_refused(
    verifier: Verifier, signed: dict[str, str]
) -> None:
    assert refusal(verifier.verify(BODY, signed, URL, NOW, expected_vault_id=MEDICAL)) == (
        "The message comes from the Vault 1001, not from 1002."
    )


def test_a_signed_request_of_another_type_is_refused(signer: Signer, verifier: Verifier) -> None:
    headers = signer.sign(BODY, claims(RequestType="web_action"), URL)
    assert refusal(verifier.verify(BODY, headers, URL, NOW)) == ("The request type is web_action, not spark_message.")


def test_what_a_sender_writes_is_cut_and_made_printable_in_a_reason(verifier: Verifier) -> None:
    headers = dict.fromkeys((*SIGNED_HEADERS, SIGNATURE_V1, SIGNATURE_V2), "\x1b[31m" + "x" * 5000)
    reason = refusal(verifier.verify(BODY, headers, URL, NOW))
    assert reason.isprintable()
    assert len(reason) < 120


def test_text_that_is_no_unicode_is_refused_and_not_an_error(verifier: Verifier, signed: dict[str, str]) -> None:
    refusal(verifier.verify(BODY, signed | {"X-VaultAPISignature-More": "\ud800"}, URL, NOW))
    refusal(verifier.verify(BODY, signed, URL + "\ud800", NOW))


def test_a_receiver_without_a_time_zone_is_an_error_of_the_program(verifier: Verifier, signed: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="time zone"):
        verifier.verify(BODY, signed, URL, NOW.replace(tzinfo=None))


# --- keys -----


def test_during_a_rollover_messages_of_both_certificates_are_accepted(
    certificate: IssuedCertificate, successor: IssuedCertificate
) -> None:
    both = Verifier({"00001": certificate.certificate_pem, "00002": successor.certificate_pem})
    for issued in (certificate, successor):
        headers = Signer(issued.private_key_pem).sign(BODY, claims(CertificateId=issued.certificate_id), URL)
        verdict = both.verify(BODY, headers, URL, NOW)
        assert verdict.valid
        assert verdict.certificate_id == issued.certificate_id


def test_a_message_cannot_claim_the_other_certificate(
    certificate: IssuedCertificate, successor: IssuedCertificate, signer: Signer
) -> None:
    both = Verifier({"00001": certificate.certificate_pem, "00002": successor.certificate_pem})
    headers = signer.sign(BODY, claims(CertificateId="00002"), URL)
    assert "V1" in refusal(both.verify(BODY, headers, URL, NOW))


def test_a_private_key_that_is_none_or_not_rsa_is_refused_without_being_shown() -> None:
    elliptic = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    for pem in (b"", b"-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n", elliptic):
        with pytest.raises(SigningKeyUnreadable) as refused:
            Signer(pem)
        shown = "".join(traceback.format_exception(refused.value))
        assert "BEGIN" not in shown
        assert "c2VjcmV0" not in shown


def test_a_certificate_that_is_none_is_refused_by_its_id(certificate: IssuedCertificate) -> None:
    with pytest.raises(SigningKeyUnreadable, match="00002"):
        Verifier({"00001": certificate.certificate_pem, "00002": "not a certificate"})
