"""The apps of tests/hongmoa, as people use them, and what the build tells of them."""

import json
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import moa
from moa.testing import Host

from .support import PluginTest

SDK = Path(__file__).resolve().parent.parent
APPS = SDK.parent.parent / "tests/hongmoa/apps"
SCRIPT = SDK / "tools/moa_hongmoa.py"


def stage(apps: Path, project: Path) -> list[dict]:
    """Makes the project; what was told."""
    command = [sys.executable, "-I", str(SCRIPT), str(apps), str(project), "team", "help", "도움"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


class Apps(PluginTest):
    """The project, loaded as the component loads it."""

    def load(self, project: Path) -> None:
        before = set(sys.modules)
        sys.path.insert(0, str(project))
        try:
            exec((project / "plugin.py").read_text(encoding="utf-8"), {})
        finally:
            sys.path.remove(str(project))
            for name in set(sys.modules) - before:
                if not name.startswith(("moa", "hongmoa")):
                    self.addCleanup(sys.modules.pop, name, None)

    def setUp(self) -> None:
        super().setUp()
        from hongmoa import _apps

        _apps._apps.clear()
        _apps._docs.clear()
        project = tempfile.TemporaryDirectory()
        self.addCleanup(project.cleanup)
        self.project = Path(project.name)
        self.told = stage(APPS, self.project)
        self.load(self.project)

    def test_each_import_form_and_signature_answers(self):
        host = Host(speaker="Rosie")
        self.assertEqual(host.say("!하이"), ["hello {@%s}" % host.user().id])
        lines = host.say("!ㅈㅅㅌ 3 로지,샐리,앨리")
        self.assertEqual(lines, ["1: 로지, 샐리, 앨리"])
        self.assertEqual(host.say("!lunch"), ["예) !ㅈㅅㅌ 3 로지,샐리"])

    def test_tokens_are_split_as_hongmoa_did(self):
        host = Host()
        self.assertEqual(host.say('!메모 vpn “주소는 10.0.0.1”  "두 번째"'), ["저장했어요: vpn"])
        self.assertEqual(host.say("!memo vpn"), ["주소는 10.0.0.1 두 번째"])
        self.assertEqual(host.say("!memo"), ["vpn"])
        self.assertEqual(host.say("!memo nothing"), ["그런 메모는 없어요"])

    def test_lists_are_kept_newest_first(self):
        host = Host()
        self.assertEqual(host.say("!queue") + host.say("!queue a") + host.say("!queue b"), ["아무도 없어요", "1", "2"])
        self.assertEqual(host.say("!queue") + host.say("!queue") + host.say("!queue"), ["b", "a", "아무도 없어요"])

    def test_another_channel_gets_what_is_returned_for_it(self):
        host = Host()
        with self.assertRaises(moa.Rejected) as refused:
            host.say("!ghost #random 안녕")
        self.assertIn("#random", str(refused.exception))
        host.say("!ghost C42 안녕")
        self.assertEqual(host.messages[-1].ref.place.conversation, "C42")
        self.assertEqual(host.texts[-1], "안녕")

    def test_attachments_go_as_the_service_takes_them(self):
        host = Host()
        self.assertEqual(host.say("!짤"), ["골라 봤어요"])
        native = json.loads(host.messages[-1].content.native_json)
        self.assertEqual(native["attachments"][0]["image_url"], "https://example.com/cat.png")
        self.assertNotIn("as_user", native)

    def test_requests_go_through_the_host(self):
        asked = []

        def web(method, url, headers, body):
            asked.append((method, url))
            return {"rain": "비가 와요"}

        self.assertEqual(Host(http=web).say("!비 부산"), ["비가 와요"])
        self.assertEqual(asked, [("GET", "https://weather.example.com/feed.json?city=%EB%B6%80%EC%82%B0")])
        self.assertEqual(Host().say("!비"), ["날씨를 물어볼 수 없어요"])

    def test_the_client_does_what_the_host_can(self):
        host = Host()
        said = host.say("!deploy main")
        self.assertEqual(said, ["배포 끝: main", "pin: unknown_method, 1"])
        self.assertIn("info: deployed main (1)", host.log)
        self.assertTrue(any("pins.add" in line for line in host.log), host.log)

    def test_help_and_manifest(self):
        host = Host()
        lines = host.say("!ㄷㅇ")[0].split("\n")
        self.assertIn("!ㅈㅅㅌ, !점심팀, !lunch: 오늘의 점심 팀을 알려드립니다. 예) !ㅈㅅㅌ 3 로지,샐리", lines)
        commands = {command["name"]: command for command in self.manifest["commands"]}
        self.assertNotIn("aliases", commands["ㄷㅇ"], "words of the host's own are left out")
        self.assertEqual(commands["ㅁㅁ"]["aliases"], ["메모", "memo"])
        self.assertEqual(commands["ㅁㅁ"]["summary"], "기억합니다")
        self.assertEqual(self.manifest["requests"]["http"], ["https://weather.example.com"])

    def test_the_build_tells_what_differs(self):
        told = [(one["severity"], one["file"], one["line"], one["message"]) for one in self.told]
        state = "is as at the beginning in each call"
        expected = [
            ("warning", "apps/deploy.py", 14, f"`count` {state}"),
            ("warning", "apps/deploy.py", 16, f"`running` {state}"),
            ("warning", "apps/deploy.py", 16, "`datetime.now()` is in UTC"),
            ("warning", "apps/deploy.py", 19, "api_call('pins.add') does nothing and answers unknown_method"),
            ("warning", "apps/deploy.py", 21, "a call that sleeps may run into its time limit"),
            ("warning", "apps/helper.py", 5, "`도움` is a word of the host's own"),
            ("warning", "apps/helper.py", 5, "`help` is a word of the host's own"),
            ("warning", "settings.py", 1, "`SLACK_TOKEN` is empty in the plugin"),
        ]
        self.assertEqual(told, expected)
        for file in self.project.rglob("*"):
            if file.is_file():
                self.assertNotIn(b"must-not-leave", file.read_bytes(), file)


class Refused(PluginTest):
    """Folders that can't run say where and why, and no project is made."""

    def told(self, **files: str) -> list[tuple]:
        with tempfile.TemporaryDirectory() as base:
            apps = Path(base) / "apps"
            apps.mkdir()
            for name, text in files.items():
                (apps / f"{name}.py").write_text(textwrap.dedent(text), encoding="utf-8")
            project = Path(base) / "project"
            found = stage(apps, project)
            if any(one["severity"] == "error" for one in found):
                self.assertFalse(project.exists(), "there is no project where something cannot work")
            return [(one["severity"], one["file"], one["line"], one["message"]) for one in found]

    def test_what_cannot_work_is_named_with_its_place(self):
        app = """
            from . import on_command
            {}
            @on_command(['a'])
            def run(robot, channel, tokens):
                return 'a'
            """
        for line, message in (
            ("import gevent", "`gevent` can't work in the sandbox"),
            ("import socket", "`socket` can't work in the sandbox"),
            ("from slackclient import SlackClient", "`slackclient` can't work in the sandbox"),
            ("from settings import TOKEN", "there is no settings.py"),
            ("import nowhere", "there is no module `nowhere`"),
        ):
            self.assertIn(("error", "apps/a.py", 3, message), self.told(a=app.format(line)), line)
        self.assertEqual(self.told(a=app.format("def broken(:"))[0][:3], ("error", "apps/a.py", 3))

    def test_a_run_that_nobody_can_call_and_a_folder_without_apps(self):
        told = self.told(a="from . import on_command\n@on_command(['a'])\ndef run(robot):\n    return 'a'\n")
        self.assertIn(("error", "apps/a.py", 3, "`run` takes 1 parameters"), told)
        self.assertEqual(self.told(a="x = 1\n")[0][0], "error")

    def test_two_apps_with_one_word(self):
        app = "from . import on_command\n@on_command(['같이', '{}'])\ndef run(robot, channel, tokens):\n    return 'x'\n"
        told = self.told(a=app.format("one"), b=app.format("two"))
        self.assertEqual(told, [("warning", "apps/b.py", 2, "`같이` is a command of apps/a.py already")])
