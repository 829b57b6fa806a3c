from omniactor import doctor


def test_a_right_installation_has_no_problems():
    findings = doctor.examine()
    assert findings["problems"] == []
    assert findings["ok"] is True
    assert "works" in findings["gl_backends"].values()
    assert findings["assets"]["kind"] == "standin"
    assert findings["first_frame"]["assets"] == "standin"
    assert findings["versions"]["mujoco"] == "3.3.2"
    assert findings["live_pages"].startswith(("Chromium", "none: "))
    text = doctor.report(findings)
    assert text.endswith("Everything works.")
    assert "stand" in text


def test_a_wrong_version_a_full_disk_and_a_missing_encoder_are_each_a_problem(monkeypatch):
    monkeypatch.setattr(doctor, "EXPECTED", {"mujoco": "3.1.0"})
    monkeypatch.setattr(doctor, "MIN_FREE_BYTES", 10**18)
    monkeypatch.setattr("omniactor.sim.video.ENCODERS", ("none",))
    monkeypatch.setattr(doctor.gl, "try_backend", lambda name: "no library")
    findings = doctor.examine()
    text = "\n".join(findings["problems"])
    assert findings["ok"] is False
    for expected in ("mujoco is 3.3.2, expected 3.1.0", "GB free", "H.264", "apt-get install"):
        assert expected in text
    assert "PROBLEM" in doctor.report(findings)
