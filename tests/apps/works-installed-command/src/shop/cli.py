import click
@click.group()
def main():
    pass
@main.command()
@click.option("--port", type=int)
def serve(port):
    from waitress import serve
    from shop.web import app
    serve(app, host="0.0.0.0", port=port)
@main.command()
def migrate():
    print("migrated")
