import pytest

from omniactor.actions.dialects.registry import DIALECTS
from omniactor.errors import ActionError
from omniactor.types import GuiAction

SIZE = (1080, 2400)


def test_the_published_answer_is_understood(near):
    # OpenBMB/AgentCPM-GUI, README: the answer to "click the 'membership' button"
    thought = "任务目标是点击屏幕上的‘会员’按钮。当前界面显示了应用的推荐页面，顶部有一个导航栏。点击‘会员’按钮可以访问应用的会员相关内容。"
    near("agentcpm-gui", SIZE, f'{{"thought":"{thought}","POINT":[729,69]}}', "click", point=(0.729, 0.069), description=thought)


@pytest.mark.parametrize(
    ("answer", "kind", "fields"),
    [
        ('{"POINT":[500,500],"duration":1000}', "long_press", {"point": (0.5, 0.5), "seconds": 1}),
        ('{"POINT":[500,500],"duration":201}', "long_press", {"point": (0.5, 0.5), "seconds": 0.201}),
        ('{"POINT":[500,500],"duration":200}', "click", {"point": (0.5, 0.5)}),
        ('{"POINT":[500,500],"to":"up"}', "scroll", {"point": (0.5, 0.5), "axis": "vertical", "pages": -0.5}),
        ('{"POINT":[500,500],"to":"left"}', "scroll", {"point": (0.5, 0.5), "axis": "horizontal", "pages": 0.5}),
        ('{"POINT":[500,800],"to":[500,200]}', "swipe", {"point": (0.5, 0.8), "end": (0.5, 0.2)}),
        ('{"TYPE":"hello"}', "write", {"text": "hello"}),
        ('{"PRESS":"HOME"}', "home", {}),
        ('{"PRESS":"BACK"}', "back", {}),
        ('{"PRESS":"ENTER"}', "press", {"keys": ("enter",)}),
        ('{"duration":3000}', "wait", {"seconds": 3}),
        ('{"STATUS":"finish"}', "terminate", {"status": "success"}),
        ('{"STATUS":"impossible"}', "terminate", {"status": "failure"}),
        ('{"STATUS":"continue","TYPE":"x"}', "write", {"text": "x"}),
    ],
)
def test_every_action_is_understood(near, answer, kind, fields):
    near("agentcpm-gui", SIZE, answer, kind, **fields)


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "{}",
        '{"POINT":[1200,5]}',
        '{"POINT":[1]}',
        '{"POINT":[1,2],"to":"in"}',
        '{"PRESS":"POWER"}',
        '{"STATUS":"continue"}',
        '{"TYPE":5}',
        '{"thought":"hm"}',
    ],
)
def test_what_is_no_action_is_refused(answer):
    with pytest.raises(ActionError):
        DIALECTS["agentcpm-gui"].parse(answer, SIZE)


def test_an_action_is_printed_without_spaces():
    assert (
        DIALECTS["agentcpm-gui"].print(GuiAction("click", (0.729, 0.069), description="会员"), SIZE)
        == '{"thought":"会员","POINT":[729,69]}'
    )


def test_the_picture_is_scaled_and_the_prompt_is_the_published_one():
    dialect = DIALECTS["agentcpm-gui"]
    assert dialect.shows((1080, 2400)) == (504, 1120)
    assert dialect.shows((800, 600)) == (800, 600)
    system, user = dialect.prompt("请点击屏幕上的‘会员’按钮", [], SIZE)
    assert user["content"] == "<Question>请点击屏幕上的‘会员’按钮</Question>\n当前屏幕截图：<image>"
    assert '"PRESS":{"type":"string","enum":["HOME","BACK","ENTER"]}' in system["content"]
