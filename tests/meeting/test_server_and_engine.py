"""Sound, picture and screen are asked for on the meeting's socket, and the engine is told what the meeting decided."""

from media.engine.content import content_of
from media.meeting import commands as cmd
from media.meeting.seals import read_seal, sealed
from media.meeting.stage import SCREEN
from tests.meeting.center import Center, until
from tests.meeting.rooms import (
    BOLUO,
    CITY,
    HUIDONG,
    MEETING,
    sealed_offer,
    signer_of,
)


async def test_a_screen_is_taken_only_of_the_site_whose_screen_the_meeting_shows(center: Center):
    async with center.raw(HUIDONG) as host, center.raw(BOLUO) as boluo:
        await host.enter()
        await boluo.enter()
        await host.say({"t": "media", "id": "c0", **sealed_offer(HUIDONG, "content")})
        assert (await host.hear("media"))["fault"]["id"] == "slides-not-yours"
        assert (await host.command(cmd.PointSlide(SCREEN, 1, 1, "表格")))["ok"]
        await boluo.say({"t": "media", "id": "c1", **sealed_offer(BOLUO, "content")})
        assert (await boluo.hear("media"))["fault"]["id"] == "slides-not-yours"
        await host.say({"t": "media", "id": "c2", **sealed_offer(HUIDONG, "publish"), "op": "content"})
        assert (await host.hear("media"))["fault"]["id"] == "sdp-unsigned"
        await host.say({"t": "media", "id": "c3", **sealed_offer(HUIDONG, "content")})
        assert (await host.hear("media"))["sdp"] == "answer to offer"
        await boluo.say({"t": "media", "id": "c4", "op": "switch", "slot": "v0", "source": HUIDONG, "content": True})
        assert await boluo.hear("media") == {"t": "media", "id": "c4"}
        screen = content_of(HUIDONG)
        assert ("switch", BOLUO, "v0", screen) in center.engine.calls
        assert (await host.command(cmd.PointSlide("")))["ok"]
        await until(lambda: ("leave", screen) in center.engine.calls)


async def test_media_goes_through_to_the_engine_and_back(center: Center):
    async with center.raw(HUIDONG) as host, center.raw(BOLUO) as boluo:
        await boluo.hello()
        await boluo.say({"t": "media", "id": "m0", "op": "publish", "sdp": "offer"})
        assert (await boluo.hear("media"))["fault"]["id"] == "meeting-not-open"
        await host.enter()
        await boluo.say({"t": "media", "id": "m1", "op": "publish", "sdp": "offer"})
        assert (await boluo.hear("media"))["fault"]["id"] == "not-joined"
        await boluo.command(cmd.Join(""))
        for op in ("publish", "subscribe"):
            offer = sealed_offer(BOLUO, op)
            await boluo.say({"t": "media", "id": op, **offer})
            answer = await boluo.hear("media")
            assert (answer["id"], answer["sdp"]) == (op, "answer to offer")
            told = sealed("answer", MEETING, op, offer["nonce"], answer["sdp"])
            assert signer_of(BOLUO).is_of_center(told, read_seal(answer["seal"]))
        await boluo.say({"t": "media", "id": "m2", "op": "switch", "slot": "v0", "source": HUIDONG})
        assert await boluo.hear("media") == {"t": "media", "id": "m2"}
        assert ("switch", BOLUO, "v0", HUIDONG) in center.engine.calls
        for message, fault in (
            (sealed_offer(BOLUO, "publish", "nonsense"), "sdp-unreadable"),
            ({"op": "publish"}, "sdp-unreadable"),
            ({"op": "publish", "sdp": "x" * 50_000}, "sdp-too-long"),
            ({"op": "publish", "sdp": "offer"}, "sdp-unsigned"),
            ({**sealed_offer(BOLUO, "publish"), "seal": 7}, "sdp-unsigned"),
            ({**sealed_offer(BOLUO, "publish"), "sdp": "another fingerprint"}, "sdp-unsigned"),
            ({**sealed_offer(BOLUO, "publish"), "nonce": "0" * 32}, "sdp-unsigned"),
            ({**sealed_offer(BOLUO, "publish"), "op": "subscribe"}, "sdp-unsigned"),
            (sealed_offer(CITY, "publish"), "sdp-unsigned"),
            ({"op": "switch", "slot": "v0", "source": "here"}, "field-invalid"),
            ({"op": "switch", "slot": "v0", "source": HUIDONG, "height": 0}, "field-invalid"),
            ({"op": "pause", "slot": "v0"}, "field-invalid"),
            ({"op": "layers", "sent": ["huge"]}, "field-invalid"),
            ({"op": "dance"}, "kind-unknown"),
        ):
            await boluo.say({"t": "media", "id": "m3", **message})
            assert (await boluo.hear("media"))["fault"]["id"] == fault


async def test_a_site_is_told_what_the_others_show_of_its_picture_and_again_when_it_comes_back(center: Center):
    async with center.raw(HUIDONG) as host, center.raw(BOLUO) as boluo:
        for site in (host, boluo):
            await site.enter()
        assert (await host.hear("demand"))["main"] == 0
        for height, told in ((180, (0, True)), (360, (360, False))):
            question = {"op": "switch", "slot": "v0", "source": HUIDONG, "height": height}
            await boluo.say({"t": "media", "id": "m1", **question})
            demand = await host.hear("demand")
            assert (demand["main"], demand["thumb"]) == told
        async with center.raw(HUIDONG) as again:
            await again.hello()
            assert (await again.hear("demand"))["main"] == 360


async def test_the_engine_is_told_who_is_on_air_also_when_it_was_away(center: Center):
    async with center.raw(HUIDONG) as host, center.raw(CITY) as city:
        await host.enter()
        await city.enter()
        await until(lambda: center.engine.on_air == {HUIDONG})
        center.engine.is_away = True
        await city.command(cmd.RequestFloor("r1", "m1", "委员"))
        assert (await host.command(cmd.GrantFloor("r1", 60)))["ok"], "control does not wait for the engine"
        center.engine.is_away = False
        await until(lambda: center.engine.on_air == {HUIDONG, CITY})
        await city.command(cmd.Leave())
        await until(lambda: ("leave", CITY) in center.engine.calls)
        await host.command(cmd.End())
        await until(lambda: ("close_room",) in center.engine.calls)
