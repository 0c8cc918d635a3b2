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
        origins = ["http://api.example.com", "https://weather.example.com"]
        self.assertEqual(self.manifest["requests"]["http"], origins)

    def test_the_build_tells_what_differs(self):
        told = [(one["severity"], one["file"], one["line"], one["message"]) for one in self.told]
        state = "is as at the beginning in each call"
        expected = [
            ("warning", "settings.py", 1, "`SLACK_TOKEN` is empty in the plugin"),
            ("warning", "settings.py", 5, "`API_TOKEN` is empty in the plugin"),
            ("warning", "settings.py", 6, "`MY_SECRET` is empty in the plugin"),
            ("warning", "settings.py", 9, "`token` is empty in the plugin"),
            ("warning", "settings.py", 11, "what looks like a secret is empty in the plugin"),
            ("warning", "apps/deploy.py", 14, f"`count` {state}"),
            ("warning", "apps/deploy.py", 16, f"`running` {state}"),
            ("warning", "apps/deploy.py", 16, "`datetime.now()` is in UTC"),
            ("warning", "apps/deploy.py", 19, "api_call('pins.add') does nothing and answers unknown_method"),
            ("warning", "apps/deploy.py", 21, "a call that sleeps may run into its time limit"),
            ("warning", "apps/helper.py", 5, "`도움` is a word of the host's own"),
            ("warning", "apps/helper.py", 5, "`help` is a word of the host's own"),
        ]
        self.assertEqual(told, expected)
        for file in self.project.rglob("*"):
            if file.is_file():
                self.assertNotIn(b"must-not-leave", file.read_bytes(), file)


APP = "from . import on_command\n@on_command(['a'])\ndef run(robot, channel, tokens):\n    return 'a'\n"


class Folder(PluginTest):
    """What becomes of a folder of apps."""

    def setUp(self) -> None:
        super().setUp()
        base = tempfile.TemporaryDirectory()
        self.addCleanup(base.cleanup)
        self.base = Path(base.name).resolve()
        self.project = self.base / "project"

    def write(self, path: str, text: str = APP) -> None:
        (self.base / path).parent.mkdir(exist_ok=True)
        (self.base / path).write_text(text, encoding="utf-8")

    def stage(self, apps: str = "apps") -> list[tuple]:
        return [(one["severity"], one["file"], one["line"], one["message"]) for one in stage(self.base / apps, self.project)]

    def settings(self, text: str) -> tuple[list[tuple], dict]:
        """What is told of a settings.py, and what is in the plugin's."""
        self.write("apps/a.py")
        self.write("settings.py", text)
        told = self.stage()
        values: dict = {}
        exec((self.project / "settings.py").read_text(encoding="utf-8"), values)
        return told, values

    def test_settings_lose_their_secrets_and_keep_the_rest(self):
        told, values = self.settings(
            "import re\n"
            "WEB_ORIGIN = 'https://api.example.com'  # key: gone-1\n"
            "A = ACCESS_KEY = 'gone-2'\n"
            "(B, *C), (D, DB_DSN) = ('b', 'c'), ('d', 'gone-3')\n"
            "E, CREDENTIALS = 'e gone-4'.split()\n"
            "class Slack:\n    private_key: bytes = b'gone-5'\n    OTHER = b'xoxp-gone-6'\n"
            "CONF = dict(password='gone-7', name='n')\n"
            "CONF['webhook'] = f'gone-8{A}'\n"
            "CACHE = f'redis://:gone-9@{B}:6379'\n"
            "def words(text, token='gone-10'):\n    tokens = text.split(',')\n    return tokens\n"
            "TOKENS = []\nTOKENS.append(1)\n"
            "LAST = 'kept'\n"
        )
        self.assertNotIn(b"gone", (self.project / "settings.py").read_bytes())
        kept = {name: values[name] for name in ("WEB_ORIGIN", "B", "C", "D", "CONF", "TOKENS", "LAST")}
        conf = {"password": "", "name": "n", "webhook": ""}
        expected = {"WEB_ORIGIN": "https://api.example.com", "B": "b", "C": ["c"], "D": "d", "CONF": conf, "TOKENS": [1]}
        self.assertEqual(kept, {**expected, "LAST": "kept"})
        self.assertEqual(values["words"]("a,b"), ["a", "b"])
        # Line numbers are those of the author's file, in what is told and in what the plugin raises.
        empty = "is empty in the plugin"
        names = {3: "`ACCESS_KEY`", 4: "`DB_DSN`", 5: "`CREDENTIALS`", 7: "`private_key`", 8: "what looks like a secret"}
        more = {9: "`password`", 10: "`webhook`", 11: "what looks like a secret", 12: "`token`"}
        self.assertEqual(told, [("warning", "settings.py", line, f"{name} {empty}") for line, name in {**names, **more}.items()])
        lines = (self.project / "settings.py").read_text(encoding="utf-8").split("\n")
        self.assertEqual((lines[1][:10], lines[16]), ("WEB_ORIGIN", "LAST = 'kept'"))

    def test_settings_that_cannot_be_read_are_a_finding(self):
        self.write("apps/a.py")
        self.write("settings.py", "A = 1\nB = = 2\n")
        self.assertEqual(self.stage(), [("error", "settings.py", 2, "syntax error: invalid syntax")])
        (self.base / "settings.py").write_bytes("A = '가'\n".encode("cp949"))
        self.assertEqual([one[:3] for one in self.stage()], [("error", "settings.py", 1)])
        (self.base / "settings.py").unlink()
        (self.base / "requirements.txt").write_bytes("six\n".encode("utf-16"))
        self.assertEqual([one[:3] for one in self.stage()], [("error", "requirements.txt", 1)])
        self.assertFalse(self.project.exists())

    def test_secrets_in_apps_are_told(self):
        secret = "TOKEN = '0123456789abcdef'\n# xoxb-in-a-comment\nURL = 'https://hooks.slack.com/services/T0/B0/x'\ntoken = 'a b'\n"
        self.write("apps/a.py", APP + secret)
        self.write("apps/notes.txt", "nothing\nxoxp-1-2\n")
        message = "this secret becomes part of the component"
        places = [("apps/a.py", 5), ("apps/a.py", 6), ("apps/a.py", 7), ("apps/notes.txt", 2)]
        self.assertEqual(self.stage(), [("warning", *place, message) for place in places])

    def test_what_is_left_out_is_told(self):
        self.write("apps/a.py")
        self.write("real.py")
        (self.base / "apps/b.py").symlink_to(self.base / "real.py")
        self.write("apps/venv/lib.py")
        self.write("apps/big.txt", "x" * ((4 << 20) + 1))
        self.assertEqual(
            self.stage(),
            [
                ("warning", "apps/b.py", 0, "`b.py` is a link, and is left out"),
                ("warning", "apps/big.txt", 0, "`big.txt` is larger than 4 MiB, and is left out"),
                ("warning", "apps/venv", 0, "`venv` is not the apps' own, by its name, and is left out"),
            ],
        )
        self.assertEqual(sorted(path.name for path in (self.project / "apps").iterdir()), ["__init__.py", "a.py"])

    def test_a_folder_named_like_the_sdk_stands_in_nobodys_place(self):
        for name in ("plugin", "moa", "hongmoa", "settings"):
            self.write(f"{name}/a.py")
            self.assertEqual(self.stage(name), [], name)
            self.assertTrue((self.project / "apps/a.py").is_file(), name)
            self.assertFalse((self.project / name).exists(), name)
            self.assertIn("hongmoa.load('apps', ['a']", (self.project / "plugin.py").read_text(encoding="utf-8"))

    def test_the_environment_is_empty_everywhere(self):
        self.write("apps/a.py", "import os\nHOME = os.environ.get('HOME')\n" + APP)
        self.assertEqual(self.stage(), [("warning", "apps/a.py", 2, "the environment is empty")])


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
