from setuptools import setup

setup(name="shop", version="1.0", py_modules=["app"], install_requires=["flask", "gunicorn"])
