"""Which columns of a table feed a network: by name, else asked; never those of another table."""

from streamlit.testing.v1 import AppTest

from explainers.models.spec import ModelSpec
from pages.state.chosen import ChosenModel

PENGUINS = "island,length,depth,mass,year,species\n" + "".join(
    f"{['Biscoe', 'Dream', 'Torgersen'][i % 3]},{40 + i},{15 + i % 4},{3000 + 50 * i},"
    f"{2007 + i % 3},{['Adelie', 'Gentoo'][i % 2]}\n"
    for i in range(24)
)


def script():
    import streamlit as st

    from explainers.kinds import table
    from pages.kinds import table_columns

    model, text, data = st.session_state["given"]
    facts, _ = table.read(text.encode(), ".csv")
    st.session_state["fed"] = table_columns.pick(model, facts, data)
    assert table_columns.chosen() == (st.session_state["fed"] or [])


def page(width: int, text: str = PENGUINS, columns: tuple[str, ...] = (), **query: str) -> AppTest:
    app = AppTest.from_function(script)
    for name, value in query.items():
        app.query_params[name] = value
    return give(app, width, text, columns)


def give(app: AppTest, width: int, text: str, columns=(), weights="a.onnx") -> AppTest:
    spec = ModelSpec("upload", "n", weights, kind="table", shape=(width,))
    app.session_state["given"] = (ChosenModel(spec, (), "n", columns=columns), text, text[:80])
    app.run()
    assert not app.exception
    return app


def fed(app: AppTest):
    return app.session_state["fed"]


def test_a_table_with_more_columns_than_inputs_is_asked_about():
    app = page(4)
    assert fed(app) is None and "takes 4 numbers a row" in app.warning[0].value
    assert "mark that as the target" in app.warning[0].value
    app.multiselect[0].set_value(["depth", "length", "mass", "year"]).run()
    assert fed(app) == ["depth", "length", "mass", "year"]
    assert app.dataframe[0].value["Column"].tolist() == ["depth", "length", "mass", "year"]


def test_the_marked_target_never_feeds_the_network():
    app = page(5, target_column="species")
    assert fed(app) == ["island", "length", "depth", "mass", "year"]
    linked = '["island","length","depth","year","species"]'
    app = AppTest.from_function(script)
    app.query_params["columns"], app.query_params["target_column"] = linked, "species"
    assert fed(give(app, 5, PENGUINS)) is None
    names = ("island", "length", "depth", "mass", "species")
    assert fed(page(5, columns=names, target_column="species")) is None


def test_marking_the_target_settles_it():
    app = page(5)
    assert fed(app) is None
    app.selectbox[0].select("species").run()
    assert fed(app) == ["island", "length", "depth", "mass", "year"]
    assert "0 for Biscoe, 1 for Dream, 2 for Torgersen" in app.dataframe[0].value["It gets"][0]


def test_columns_are_matched_by_the_names_of_the_network_whatever_their_order():
    app = page(3, columns=("Mass", "num__length", "island_Dream"))
    assert fed(app) == ["mass", "length", "island = Dream"]
    assert not app.warning and not app.error
    assert app.dataframe[0].value["The network's name"].tolist()[0] == "Mass"


def test_a_name_that_the_table_lacks_is_said_and_asked():
    app = page(3, columns=("mass", "length", "wingspan"))
    assert fed(app) is None and "wingspan" in app.warning[0].value


def test_two_columns_of_one_name_are_not_told_apart_by_it():
    twice = "a,a,b\n" + "".join(f"{i},{i + 1},{i * i}\n" for i in range(9))
    assert fed(page(2, twice, columns=("a", "b"))) is None


def test_names_that_only_count_tell_nothing():
    text = "p,q\n" + "".join(f"{i},{i * i}\n" for i in range(9))
    assert fed(page(2, text, columns=("x1", "x0"))) == ["p", "q"]


def test_eight_columns_become_nine():
    app = page(7, target_column="species")
    assert fed(app) is None and "Say where" in app.warning[0].value
    app.selectbox[-1].select("last").run()
    each = [f"island = {name}" for name in ("Biscoe", "Dream", "Torgersen")]
    assert fed(app) == ["length", "depth", "mass", "year", *each]
    assert app.dataframe[0].value["It gets"].tolist()[-1] == "1 where island is Torgersen, else 0"
    app.selectbox[-1].select("there").run()
    assert fed(app) == [*each, "length", "depth", "mass", "year"]
    app = page(6, target_column="species", stand="last")
    assert fed(app)[-2:] == each[1:]


def test_columns_chosen_for_another_table_are_dropped_unless_it_has_them():
    app = page(4)
    app.multiselect[0].set_value(["depth", "length", "mass", "year"]).run()
    other = "w,x,y,z,depth\n" + "".join(f"{i},{i * i},1,{i % 3},{i}\n" for i in range(9))
    assert fed(give(app, 4, other)) is None and not app.multiselect[0].value
    app = page(4)
    app.multiselect[0].set_value(["depth", "length", "mass", "year"]).run()
    same = PENGUINS.replace("Torgersen", "Torg").replace("island,length", "isle,length")
    assert fed(give(app, 4, same)) == ["depth", "length", "mass", "year"], "it has them all"
    assert fed(give(app, 4, same, weights="b.onnx")) is None, "another network was not asked"
